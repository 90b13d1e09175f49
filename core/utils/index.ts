/** Small tools that know no setting: the clock, dotted names, random texts, loggers, words for messages. */
export { altersData } from './alters_data.ts'
export { attempt } from './attempt.ts'
export { backgroundWorkDone, inBackground } from './background.ts'
export { byAlias, standingFor } from './by_alias.ts'
export { type Clock, clock, setClock, unixSeconds } from './clock.ts'
export {
  Cookie,
  CookieError,
  type CookieOptions,
  type DeleteCookieOptions,
  expireCookie,
  fillCookie,
  parseCookies,
  quoteCookie,
  unquoteCookie,
} from './cookies.ts'
export { buildPolicy, CSP, type CspPolicy, cspValues } from './csp.ts'
export { Deadline } from './deadline.ts'
export {
  CORE,
  canonicalName,
  folderOf,
  importModule,
  importName,
  importPackage,
  isDottedName,
  missing,
  moduleFile,
  type NamedBy,
  pathOf,
} from './dotted_names.ts'
export { etagOf, parseEtags, quoteEtag } from './etags.ts'
export { isAllowedHost, isPort, isSameDomain, splitDomainPort } from './hosts.ts'
export { httpDate, parseHttpDate } from './http_dates.ts'
export { Gatherer, type GathererOptions, type Outcome } from './gatherer.ts'
export {
  errorCode,
  fileFault,
  type FileLimits,
  FileLock,
  ifThere,
  NotAFile,
  readRegularFile,
  replaceFile,
  writeNewFile,
} from './files.ts'
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
export { indexFinder } from './index_finder.ts'
export { KeyedQueue } from './keyed_queue.ts'
export {
  captureLogs,
  getLogger,
  type LogHandler,
  type Logger,
  type LogLevel,
  type LogRecord,
  setLogLevel,
} from './log.ts'
export { escapeControls, errorText, LogLine } from './log_text.ts'
export { surviveErrorsOf, writeText } from './output.ts'
export { exposureOf, makePrivateFolder, privateFolderFault, processUser } from './private_folder.ts'
export { Recent } from './recent.ts'
export { Link, Ring } from './ring.ts'
export { LETTERS_AND_DIGITS, LOWERCASE_AND_DIGITS, randomText } from './random.ts'
export { hasSecretWord, isSecretField, isSecretName } from './secret_names.ts'
export { asError, readable } from './thrown.ts'
export { atEndOfTurn, endOfTurn, endTurnEarly } from './turns.ts'
export { trimEndOf, trimOf } from './trim.ts'
export { maskUrlPasswords } from './url_passwords.ts'
export {
  escapeLeadingSlashes,
  escapeUriPath,
  iriToUri,
  quoteUri,
  splitUrl,
  unquoteUri,
  type UrlParts,
  urlHasAllowedHostAndScheme,
} from './uris.ts'
export { didYouMean, listed, nearest, shown } from './words.ts'
