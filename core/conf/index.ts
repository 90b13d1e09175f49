/** Settings: `settings` to read them, `Settings` to type a settings.ts, `overrideSettings` for tests. */
export { cacheFromUrl, databaseFromUrl } from './environment.ts'
export { type LoadedSettings, type SettingDefinition, type SettingName, type Settings, schema } from './schema.ts'
export {
  builtFrom,
  givenSettings,
  loadSettings,
  overrideSettings,
  projectRoot,
  settingNamed,
  settings,
  settingsAreLoaded,
  settingsModule,
} from './settings.ts'
