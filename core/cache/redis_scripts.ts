/** What Redis has no single command for, in scripts, which it runs one at a time. KEYS[1] is the key. */

/** Gives a value another time to live, ARGV[1] milliseconds or none. 1 if the key was there. */
export const TOUCH = `
if ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
redis.call('PERSIST', KEYS[1])
return redis.call('EXISTS', KEYS[1])`

/**
 * Adds ARGV[1] to a stored number and returns the sum as a string, which no client rounds; nil if the key is absent. A
 * sum that a script cannot represent exactly is an error.
 */
export const INCREMENT = `
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if sum <= ${Number.MAX_SAFE_INTEGER} and sum >= ${Number.MIN_SAFE_INTEGER} then return string.format('%.0f', sum) end
redis.call('DECRBY', KEYS[1], ARGV[1])
return redis.error_reply('ERR increment or decrement would overflow')`

const COMPARE = `
local text = redis.call('GET', KEYS[1])
if not text then return 'missing' end
if text ~= ARGV[1] then return 'changed' end`

/** Sets ARGV[2] for ARGV[3] milliseconds, or for ever, where ARGV[1] stands. */
export const COMPARE_AND_SET = `${COMPARE}
if ARGV[3] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 'stored'`

/**
 * The same for each of KEYS, with three of ARGV for each, the time to live empty for ever. Gives a word for each, or
 * the error's text: one that fails does not stop the others.
 */
export const COMPARE_AND_SET_EACH = `
local answers = {}
for i, key in ipairs(KEYS) do
  local token, value, life = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local text = redis.pcall('GET', key)
  if type(text) == 'table' then answers[i] = text.err
  elseif not text then answers[i] = 'missing'
  elseif text ~= token then answers[i] = 'changed'
  else
    local done
    if life == '' then done = redis.pcall('SET', key, value) else done = redis.pcall('SET', key, value, 'PX', life) end
    answers[i] = done.err or 'stored'
  end
end
return answers`

/** Deletes where ARGV[1] stands. */
export const COMPARE_AND_DELETE = `${COMPARE}
redis.call('DEL', KEYS[1])
return 'stored'`
