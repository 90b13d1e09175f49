/** Small tools that know no setting: the clock, dotted names, random texts, loggers, words for messages. */
export { altersData } from './alters_data.ts'
export { promiseTry } from './attempt.ts'
export { backgroundWorkDone, inBackground } from './background.ts'
export { proxyByAlias, lazyProxy } from './by_alias.ts'
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
export { Batcher, type BatcherOptions, type JobResult } from './gatherer.ts'
export { errorCode, FileLock, ifThere, replaceFile, writeNewFile } from './files.ts'
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
export { KeyedMutex } from './keyed_queue.ts'
export {
  captureLogs,
  getLogger,
  type LogHandler,
  type Logger,
  type LogLevel,
  type LogRecord,
  setLogLevel,
} from './log.ts'
export { asError, errorText, escapeControls, LogLine, ifReadable, surviveErrorsOf, writeText } from './log_text.ts'
export { BoundedCache } from './recent.ts'
export { ListNode, LinkedList } from './ring.ts'
export { LETTERS_AND_DIGITS, LOWERCASE_AND_DIGITS, randomText } from './random.ts'
export {
  exposureOf,
  fileFault,
  type FileLimits,
  makePrivateFolder,
  NotAFile,
  privateFolderFault,
  processUser,
  readRegularFile,
} from './safe_files.ts'
export { hasSecretWord, isSecretField, isSecretName, MASK, maskUrlPasswords } from './secrets.ts'
export { indexFinder, isLongerThan, trimEndOf, trimOf } from './strings.ts'
export { onTickEnd, tickEnd, flushTick } from './turns.ts'
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
export { didYouMean, joinWithAnd, closestMatch, formatValue } from './words.ts'
