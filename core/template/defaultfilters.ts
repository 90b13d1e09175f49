/** The filters that templates use without `{% load %}`. */
import { dateFilters } from './filters/dates.ts'
import { listFilters } from './filters/lists.ts'
import { logicFilters, stringFilters } from './filters/strings.ts'
import { numberFilters } from './filters/numbers.ts'
import type { Filter } from './library.ts'

export const filters: Readonly<Record<string, Filter>> = {
  ...dateFilters,
  ...listFilters,
  ...logicFilters,
  ...numberFilters,
  ...stringFilters,
}
