/** Settings: `settings` to read them, `Settings` to type a settings.ts, `overrideSettings` for tests. */
export {
  cachedByKey,
  cachedFromSettings,
  dependOnSetting,
  type FromSettings,
  type FromSettingsByKey,
  loadedFromSettings,
  overrideSettings,
  prepareSettings,
} from './settings_cache.ts'
export {
  classWith,
  functionOf,
  type InstanceRequirement,
  LazyPackage,
  loadFromPackage,
  loadInstance,
  loadNamed,
  type LoadOptions,
  type Requirement,
  subclassOf,
  toInstance,
  UnsuitableValue,
} from './load_class.ts'
export { cacheFromUrl, databaseFromUrl } from './environment.ts'
export { type LoadedSettings, schema, type SettingDefinition, type SettingName, type Settings } from './schema.ts'
export { mutableCopy } from './loader.ts'
export { formatSetting } from './validation.ts'
export { LEAST_VARIETY, NEW_KEY, requireSecretKeys, secretKeyProblems } from './secret_keys.ts'
export {
  allSettings,
  givenSettings,
  loadSettings,
  namedBy,
  projectRoot,
  settingNamed,
  settings,
  settingsAreLoaded,
  settingsModule,
} from './settings.ts'
