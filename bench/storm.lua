-- The alerts of a storm, as Prometheus writes them; wrk calls `request` for each request.
-- Arguments: kind (new | repeated), alerts a request, a prefix that makes them this run's own, a bearer token, when they
-- began, and how many milliseconds each connection pauses between two requests.
local kind, size, prefix, token
local pause = 0
local sent = 0
local thread_number = 0
local bodies = {}
local next_body = 0

local ALERT = '{"labels":{"alertname":"%s","cluster":"eu-1","container":"app","instance":"%s","job":"node",'
  .. '"namespace":"shop","pod":"shop-7c9f4d6b9-%d","prometheus":"monitoring/k8s","service":"website","severity":"warning"},'
  .. '"annotations":{"description":"More than 5%% of the requests of this instance have failed for ten minutes, the last with status 500.",'
  .. '"runbook_url":"https://runbooks.example/errors","summary":"Instance %s answers with errors"},'
  .. '"startsAt":"%s","endsAt":"2099-01-01T00:00:00Z","generatorURL":"http://prometheus.example:9090/graph?g0.expr=errors&g0.tab=1"}'

local function alert(number)
  local instance = string.format("%s-%d", prefix, number)
  return string.format(ALERT, "ErrorRate" .. (number % 20), instance, number, instance, wrk.started)
end

local function body(first)
  local alerts = {}
  for offset = 0, size - 1 do alerts[offset + 1] = alert(first + offset) end
  return "[" .. table.concat(alerts, ",") .. "]"
end

function setup(thread)
  thread_number = thread_number + 1
  thread:set("number", thread_number)
end

function init(arguments)
  kind, size, prefix, token = arguments[1], tonumber(arguments[2]), arguments[3], arguments[4]
  wrk.started = arguments[5]
  pause = tonumber(arguments[6])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. token
  prefix = prefix .. "-" .. number
  if kind == "repeated" then
    local alerts = 20000
    for index = 1, math.max(1, alerts / size) do bodies[index] = wrk.format(nil, "/api/v2/alerts", nil, body((index - 1) * size)) end
  end
end

function request()
  if kind == "repeated" then
    next_body = next_body % #bodies + 1
    return bodies[next_body]
  end
  sent = sent + size
  return wrk.format(nil, "/api/v2/alerts", nil, body(sent))
end

-- Milliseconds that a connection waits before its next request.
function delay() return pause end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\nFIGURES {"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
