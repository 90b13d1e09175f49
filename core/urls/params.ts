/** The type of a view's params, read from the text of its route. */
import type { ConverterTypes } from './converters.ts'

// A converter that the types do not know may give anything: `never` fits whatever the view says it takes.
type ValueOf<C extends string> = C extends keyof ConverterTypes ? ConverterTypes[C] : never

type Parameter<P extends string> = P extends `${infer C}:${infer Name}`
  ? { [K in Name]: ValueOf<C> }
  : { [K in P]: string }

type Parameters<R extends string> = R extends `${string}<${infer P}>${infer Rest}`
  ? Parameter<P> & Parameters<Rest>
  : object

type Flat<T> = { [K in keyof T]: T[K] }

/** `RouteParams<'posts/<int:pk>/<slug>/'>` is `{ pk: number; slug: string }`. A route that is no literal says nothing. */
export type RouteParams<R extends string> = string extends R ? never : Flat<Parameters<R>>
