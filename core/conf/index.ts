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
export { cacheFromUrl, databaseFromUrl } from './environment.ts'
export { type LoadedSettings, schema, type SettingDefinition, type SettingName, type Settings } from './schema.ts'
export { LEAST_VARIETY, NEW_KEY, requireSecretKeys, secretKeyProblems } from './secret_keys.ts'
export {
  allSettings,
  givenSettings,
  loadSettings,
  projectRoot,
  settingNamed,
  settings,
  settingsAreLoaded,
  settingsModule,
} from './settings.ts'
