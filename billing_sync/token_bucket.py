"""The arithmetic of a token bucket that slows down when refused, once for Redis and once for a process alone.

A bucket holds a fifth of a second's tokens, which absorbs uneven threads and lies far below what Stripe's
own bucket holds. It may be overdrawn by the callers' patience: they take their token now and wait until it
is due, in the order of asking. After a refusal it works at half its rate, which grows back within seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

BURST_SECONDS = 0.2
MARGIN = 0.97
SMALLEST_SHARE = 1 / 16
RECOVERY_PER_SECOND = 0.05
ONE_STORM_SECONDS = 1.0
# Told, at most, without asking again: a clock that jumps must not stop a sync for long.
LONGEST_HINT_SECONDS = 3600.0


class Grant(NamedTuple):
    """A token that is due in `wait` seconds; if none was taken, when to ask again."""

    taken: bool
    wait: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens at an instant, the share of the rate it works at since it was slowed, and its closed time."""

    level: float
    at: float
    share: float = 1.0
    slowed_at: float = 0.0
    closed_until: float = 0.0

    def grown_share(self, now: float) -> float:
        """Return the share of the full rate that it works at by now."""
        return min(1.0, self.share + max(0.0, now - self.slowed_at) * RECOVERY_PER_SECOND)

    def filled(self, rate: float, now: float) -> "Bucket":
        """Return the bucket with the tokens that came in since."""
        flow = rate * MARGIN * self.grown_share(now)
        most = max(1.0, flow * BURST_SECONDS)
        return replace(self, level=min(most, self.level + max(0.0, now - self.at) * flow), at=now)

    def wait(self, rate: float, now: float) -> float:
        """Return in how many seconds its next token is due."""
        flow = rate * MARGIN * self.grown_share(now)
        due = max((1.0 - self.level) / flow, self.closed_until - now, 0.0)
        return min(due, LONGEST_HINT_SECONDS)


class Account:
    """The buckets of one account in one process."""

    def __init__(self) -> None:
        self._buckets: dict[str, Bucket] = {}

    def take(self, wanted: Sequence[tuple[str, float]], patience: float, now: float) -> Grant:
        """Take a token out of each named bucket of that rate, unless one is due later than `patience`."""
        found = {name: self._of(name, rate, now).filled(rate, now) for name, rate in wanted}
        wait = max(found[name].wait(rate, now) for name, rate in wanted)
        taken = wait <= patience
        for name, bucket in found.items():
            self._buckets[name] = replace(bucket, level=bucket.level - 1) if taken else bucket
        return Grant(taken, wait)

    def slow(self, name: str, rest: float, now: float) -> None:
        """Halve a bucket's rate, once for all refusals of one storm, and close it for `rest` seconds."""
        bucket = self._buckets.get(name, Bucket(0.0, now))
        if now - bucket.slowed_at >= ONE_STORM_SECONDS or bucket.slowed_at > now:
            share = max(SMALLEST_SHARE, bucket.grown_share(now) / 2)
            bucket = replace(bucket, share=share, slowed_at=now, level=min(bucket.level, 0.0))
        self._buckets[name] = replace(bucket, closed_until=max(bucket.closed_until, now + rest))

    def _of(self, name: str, rate: float, now: float) -> Bucket:
        return self._buckets.get(name) or Bucket(max(1.0, rate * MARGIN * BURST_SECONDS), now)


# One hash for an account; a bucket is its field "level at share slowed_at closed_until", as in `Bucket`.
SCRIPT = f"""
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000

local function read(name, level)
  local text = redis.call('HGET', KEYS[1], name)
  if not text then return {{level, now, 1, 0, 0}} end
  local bucket = {{}}
  for part in string.gmatch(text, '%S+') do bucket[#bucket + 1] = tonumber(part) end
  return bucket
end

local function write(name, bucket)
  redis.call('HSET', KEYS[1], name, string.format('%.6f %.6f %.6f %.6f %.6f', unpack(bucket)))
end

local function share(bucket)
  return math.min(1, bucket[3] + math.max(0, now - bucket[4]) * {RECOVERY_PER_SECOND})
end

if ARGV[1] == 'slow' then
  local bucket = read(ARGV[2], 0)
  if now - bucket[4] >= {ONE_STORM_SECONDS} or bucket[4] > now then
    bucket[3], bucket[4] = math.max({SMALLEST_SHARE}, share(bucket) / 2), now
    bucket[1] = math.min(bucket[1], 0)
  end
  bucket[5] = math.max(bucket[5], now + tonumber(ARGV[3]))
  write(ARGV[2], bucket)
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  return '0'
end

local found, wait = {{}}, 0
for n = 2, 4, 2 do
  local rate = tonumber(ARGV[n + 1]) * {MARGIN}
  local bucket = read(ARGV[n], math.max(1, rate * {BURST_SECONDS}))
  local flow = rate * share(bucket)
  local most = math.max(1, flow * {BURST_SECONDS})
  bucket[1] = math.min(most, bucket[1] + math.max(0, now - bucket[2]) * flow)
  bucket[2] = now
  wait = math.max(wait, (1 - bucket[1]) / flow, bucket[5] - now)
  found[n] = bucket
end
wait = math.min(wait, {LONGEST_HINT_SECONDS})
local taken = wait <= tonumber(ARGV[6])
for n = 2, 4, 2 do
  if taken then found[n][1] = found[n][1] - 1 end
  write(ARGV[n], found[n])
end
redis.call('EXPIRE', KEYS[1], ARGV[7])
return string.format('%d %.6f', taken and 1 or 0, wait)
"""
