/** JSON that keeps the numbers of other programs, and base62. Pickles have an entry point of their own. */
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
