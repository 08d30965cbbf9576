-- Builds strings piece by piece: concatenation, numbers as text, and the garbage that both leave.
-- Size: strings of 100 pieces (2000).
local n = tonumber(arg[1]) or 2000
local sum = 0
local last = ""

for i = 1, n do
  local text = ""
  for j = 1, 100 do text = text .. (i + j) % 1000 .. "," end
  sum = (sum * 31 + #text) % 1000003
  if text == last then sum = sum + 1 end
  last = text
end

print(sum)
