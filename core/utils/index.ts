/** Small tools that know no setting: the clock, dotted names, random texts, loggers, words for messages. */
export { type Clock, clock, setClock, unixSeconds } from './clock.ts'
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
export {
  captureLogs,
  getLogger,
  type LogHandler,
  type Logger,
  type LogLevel,
  type LogRecord,
  setLogLevel,
} from './log.ts'
export { LETTERS_AND_DIGITS, LOWERCASE_AND_DIGITS, randomText } from './random.ts'
export { didYouMean, listed, nearest, shown } from './words.ts'
