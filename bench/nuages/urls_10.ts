/** Addresses, 10 of them. */
import { patternsBefore } from './many_urls.ts'

export const urlpatterns = patternsBefore(10)
