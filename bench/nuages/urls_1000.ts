/** Addresses, 1000 of them. */
import { patternsBefore } from './many_urls.ts'

export const urlpatterns = patternsBefore(1000)
