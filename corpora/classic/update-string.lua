-- Counts strings in a table: as update-integer, with 1000 names as keys.
-- Size: updates (1000000).
local n = tonumber(arg[1]) or 1000000
local seed = 42
local keys = {}
local counts = {}

for i = 1, 1000 do keys[i] = "process-" .. i end
for i = 1, n do
  seed = seed * 16807 % 2147483647
  local key = keys[seed % 1000 + 1]
  counts[key] = (counts[key] or 0) + 1
end

local sum = 0
for i = 1, 1000 do sum = (sum * 31 + (counts["process-" .. i] or 0)) % 1000003 end
print(sum)
