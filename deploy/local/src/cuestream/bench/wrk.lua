-- What wrk sends, and what it tells us afterwards: the same requests as cuestream.bench.sending makes.
-- Arguments: file of the templates (one a line), path, key, messages in a request, number of users.

local threads = 0

function setup(thread)
  thread:set("first", threads * 1000000000)
  threads = threads + 1
end

function init(args)
  texts = {}
  for line in io.lines(args[1]) do
    texts[#texts + 1] = line
  end
  events, users, number = tonumber(args[4]), tonumber(args[5]), first
  head = "POST " .. args[2] .. " HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer " .. args[3]
    .. "\r\ncontent-type: application/json\r\ncontent-length: "
end

local function event()
  local text = texts[number % #texts + 1]:format(number, number % users)
  number = number + 1
  return text
end

function request()
  local body
  if events == 1 then
    body = event()
  else
    local parts = {}
    for i = 1, events do
      parts[i] = event()
    end
    body = '{"batch":[' .. table.concat(parts, ",") .. "]}"
  end
  return head .. #body .. "\r\n\r\n" .. body
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("requests %d", summary.requests))
  print(string.format("microseconds %d", summary.duration))
  print(string.format("refused %d", errors.status))
  print(string.format("broken %d", errors.connect + errors.read + errors.write + errors.timeout))
  for i = 1, #latency do
    local value, times = latency(i)
    print(string.format("took %d %d", value, times))
  end
end
