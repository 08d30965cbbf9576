print("ktap")
