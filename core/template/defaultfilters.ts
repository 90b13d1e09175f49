/** The filters that every template knows without `{% load %}`. */
import { dateFilters } from './filters/dates.ts'
import { listFilters } from './filters/lists.ts'
import { logicFilters } from './filters/logic.ts'
import { numberFilters } from './filters/numbers.ts'
import { textFilters } from './filters/texts.ts'
import type { Filter } from './filter.ts'

export const filters: Readonly<Record<string, Filter>> = {
  ...dateFilters,
  ...listFilters,
  ...logicFilters,
  ...numberFilters,
  ...textFilters,
}
