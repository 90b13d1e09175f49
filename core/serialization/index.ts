/** JSON that preserves the numbers of other programs, and base62. Pickles have a separate entry point. */
export { base62Encode, base62Number } from './numbers.ts'
export {
  assertJson,
  isDeeperThan,
  isValueDeeperThan,
  MOST_CLIENT_LEVELS,
  MOST_LEVELS,
  NotJson,
  parseJson,
  setOwn,
  stringifyJson,
} from './json.ts'
