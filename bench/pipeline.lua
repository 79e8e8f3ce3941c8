-- Makes wrk send its request in batches: wrk -s pipeline.lua URL -- DEPTH [METHOD [BODY]]
-- The batch is put together once; wrk counts the answers one by one.

local batch

function init(args)
  local depth = tonumber(args[1]) or 1
  if args[2] then wrk.method = args[2] end
  if args[3] and args[3] ~= "" then wrk.body = args[3] end
  local requests = {}
  for i = 1, depth do requests[i] = wrk.format() end
  batch = table.concat(requests)
end

function request() return batch end
