-- Fibonacci numbers by double recursion: calls, returns and comparisons.
-- Size: which number (27).
local n = tonumber(arg[1]) or 27

local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end

print(fib(n))
