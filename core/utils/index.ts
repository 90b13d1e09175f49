/** Functions that need no settings: the clock, dotted names, npm packages, files, random strings, loggers, parts of messages. */
export { altersData } from './alters_data.ts'
export { clock, type Clock, setClock, unixSeconds } from './clock.ts'
export {
  canonicalName,
  CORE,
  folderOf,
  importModule,
  importName,
  isDottedName,
  missing,
  moduleFile,
  type NamedBy,
  pathOf,
  readablePath,
} from './dotted_names.ts'
export { FAST_PATHS_VARIABLE, fastPaths, fastPathsProblem } from './fast_paths.ts'
export { errorCode, FileLock, ifThere, replaceFile, writeNewFile } from './files.ts'
export { lazyProxy, proxyByAlias } from './lazy_proxy.ts'
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
export { closestMatch, didYouMean, formatValue, isClass, joinWithAnd } from './message_text.ts'
export { importPackage, requirePackage, resolvePackage } from './packages.ts'
export { LETTERS_AND_DIGITS, LOWERCASE_AND_DIGITS, randomString } from './random.ts'
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
export { hasSecretWord, isSecretField, isSecretName, MASK, maskSecrets, maskUrlPasswords } from './secrets.ts'
export { indexFinder, isLongerThan, trimEndOf, trimOf } from './strings.ts'
