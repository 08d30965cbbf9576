-- The sieve of Eratosthenes: a table used as an array, written far more often than read.
-- Size: up to which number, at most 1000000 (100000).
local n = tonumber(arg[1]) or 100000
local composite = {}
local count = 0
local sum = 0

for i = 1, n do composite[i] = 0 end
for i = 2, n do
  if composite[i] == 0 then
    count = count + 1
    sum = (sum * 31 + i) % 1000003
    for j = i + i, n, i do composite[j] = 1 end
  end
end

print(count, sum)
