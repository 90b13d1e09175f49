/** The URL pattern of hello after many others, half of them with a converter. */
import { HttpResponse } from '../../core/http/index.ts'
import { path } from '../../core/urls/index.ts'
import { hello } from './urls.ts'

const page = (): HttpResponse => new HttpResponse('A page.')

export const patternsBefore = (count: number) => [
  ...Array.from({ length: count - 1 }, (_, index) =>
    index % 2 === 0 ? path(`page${index}`, page) : path(`section${index}/<int:pk>/edit`, page),
  ),
  path('hello', hello),
]
