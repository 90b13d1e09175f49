/** Functions that need no settings: the clock, dotted names, npm packages, files, random strings, loggers, parts of messages. */
export { clock, type Clock, setClock, stopClock, StoppedClock, unixSeconds } from './clock.ts'
export {
  canonicalName,
  CORE,
  folderOf,
  importModule,
  importName,
  importPackage,
  isDottedName,
  missing,
  moduleFile,
  type NamedBy,
  pathOf,
  readablePath,
  requirePackage,
  resolvePackage,
} from './dotted_names.ts'
export { FAST_PATHS_VARIABLE, fastPaths, fastPathsProblem } from './fast_paths.ts'
export { FileLock } from './file_lock.ts'
export { errorCode, ifThere, replaceFile, writeNewFile } from './files.ts'
export { FolderIdentity } from './folder_identity.ts'
export { altersData, lazyProxy, proxyByAlias } from './lazy_proxy.ts'
export {
  asError,
  captureLogs,
  errorText,
  escapeControls,
  getLogger,
  ifReadable,
  type Logger,
  type LogHandler,
  type LogLevel,
  LogLine,
  type LogRecord,
  setLogLevel,
  surviveErrorsOf,
  writeText,
} from './log.ts'
export { OutageLog, type OutageReport } from './outage_log.ts'
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
export {
  hasSecretWord,
  isSecretField,
  isSecretName,
  LETTERS_AND_DIGITS,
  LOWERCASE_AND_DIGITS,
  MASK,
  maskSecrets,
  maskUrlPasswords,
  randomString,
} from './secrets.ts'
export {
  closestMatch,
  compilePatterns,
  didYouMean,
  formatValue,
  indexFinder,
  isClass,
  isLongerThan,
  joinWithAnd,
  someMatch,
  trimEndOf,
  trimOf,
} from './strings.ts'
