-- Makes wrk send its request in batches: wrk -s pipeline.lua URL -- DEPTH
-- The batch is put together once; wrk counts the answers one by one.

local batch

function init(args)
  local depth = tonumber(args[1]) or 1
  local requests = {}
  for i = 1, depth do requests[i] = wrk.format() end
  batch = table.concat(requests)
end

function request() return batch end
