-- Walks over a table with integer and string keys, again and again.
-- Size: walks over 2000 elements (500).
local n = tonumber(arg[1]) or 500
local elements = {}

for i = 1, 1000 do
  elements[i] = i
  elements["name-" .. i] = 2 * i
end

local sum = 0
for i = 1, n do
  local walk = 0
  for key, value in pairs(elements) do walk = walk + value end
  sum = (sum * 31 + walk) % 1000003
end
print(sum)
