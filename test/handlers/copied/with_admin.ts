/** The same with the admin, as `django-admin startproject` writes it. */
import type { Settings } from '#core/conf'
import copied from './settings.ts'

export default {
  ...copied,
  INSTALLED_APPS: ['django.contrib.admin', ...copied.INSTALLED_APPS],
} satisfies Settings
