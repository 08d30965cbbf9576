-- Multiplies two square matrices of integers, each a table of rows.
-- Size: rows (80).
local n = tonumber(arg[1]) or 80

local function make(n, seed)
  local rows = {}
  for i = 1, n do
    local row = {}
    for j = 1, n do row[j] = (i * seed + j * j) % 17 end
    rows[i] = row
  end
  return rows
end

local function multiply(a, b, n)
  local product = {}
  for i = 1, n do
    local row = {}
    local left = a[i]
    for j = 1, n do
      local sum = 0
      for k = 1, n do sum = sum + left[k] * b[k][j] end
      row[j] = sum
    end
    product[i] = row
  end
  return product
end

local product = multiply(make(n, 3), make(n, 5), n)
local sum = 0
for i = 1, n do
  for j = 1, n do sum = (sum * 31 + product[i][j]) % 1000003 end
end
print(sum)
