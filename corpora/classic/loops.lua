-- Two nested counting loops around integer arithmetic.
-- Size: turns of the outer loop, each with 1000 of the inner (1000).
local n = tonumber(arg[1]) or 1000
local sum = 0

for i = 1, n do
  for j = 1, 1000 do
    sum = (sum * 3 + i * j + (i + j) % 7) % 1000003
    if sum > 500000 then sum = sum - j end
  end
end

print(sum)
