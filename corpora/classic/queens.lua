-- Counts the ways to place queens on a board so that none attacks another: recursion, tables, captured variables.
-- Size: rows of the board (8).
local n = tonumber(arg[1]) or 8
local columns = {}
local solutions = 0
local sum = 0

local function place(row)
  if row > n then
    solutions = solutions + 1
    for i = 1, n do sum = (sum * 31 + columns[i]) % 1000003 end
    return 0
  end
  for column = 1, n do
    local free = true
    for i = 1, row - 1 do
      local other = columns[i]
      if other == column or other - column == row - i or column - other == row - i then
        free = false
        break
      end
    end
    if free then
      columns[row] = column
      place(row + 1)
    end
  end
  return 0
end

place(1)
print(solutions, sum)
