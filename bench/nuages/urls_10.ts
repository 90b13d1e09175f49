/** 10 URL patterns. */
import { patternsBefore } from './many_urls.ts'

export const urlpatterns = patternsBefore(10)
