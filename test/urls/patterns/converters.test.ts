/** Converters define the string that a parameter matches, the value for the view, and the string in a URL. */
import { expect } from 'chai'
import { ImproperlyConfigured } from '#core/exceptions'
import { NoReverseMatch, path, registerConverter, resolve, Resolver404, reverse } from '#core/urls'
import { index } from '../fixtures/views.ts'

class FourDigitYear {
  regex = '[0-9]{4}'
  toPython(text: string): number {
    return Number(text)
  }
  toUrl(value: unknown): string {
    return String(value).padStart(4, '0')
  }
}

const day = {
  regex: '\\d{4}-\\d{2}-\\d{2}',
  toPython(text: string): Date {
    const date = new Date(`${text}T00:00:00Z`)
    if (Number.isNaN(date.getTime())) throw new RangeError(`${text} is no day.`)
    return date
  },
  toUrl: (value: unknown): string => (value as Date).toISOString().slice(0, 10),
}

const broken = {
  regex: '[a-z]+',
  toPython: (text: string): unknown => (text as unknown as { a: { b: string } }).a.b,
}

registerConverter(FourDigitYear, 'yyyy')
registerConverter(day, 'day')
registerConverter(broken, 'broken')

const urlconf = [
  path('year/<yyyy:year>/', index, { name: 'year' }),
  path('day/<day:date>/', index, { name: 'day' }),
  path('broken/<broken:x>/', index),
  path('n/<int:n>/', index, { name: 'n' }),
  path('file/<path:file>', index),
  path('text/<text>/', index, { name: 'text' }),
]

const kwargsOf = (url: string): unknown => resolve(url, urlconf).kwargs

describe('converters', () => {
  it('pass the value of toPython to the view', () => {
    expect(kwargsOf('/year/0099/')).to.deep.equal({ year: 99 })
    expect(kwargsOf('/day/2026-02-03/')).to.deep.equal({ date: new Date('2026-02-03T00:00:00Z') })
  })

  it('write a value with toUrl', () => {
    expect(reverse('year', { args: [99], urlconf })).to.equal('/year/0099/')
    expect(reverse('day', { kwargs: { date: new Date(0) }, urlconf })).to.equal('/day/1970-01-01/')
  })

  it('make the URL not match when toPython throws', () => {
    expect(() => kwargsOf('/day/2026-13-13/')).to.throw(Resolver404)
  })

  it('make the name not match when toUrl throws', () => {
    expect(() => reverse('day', { args: [new Date(Number.NaN)], urlconf })).to.throw(NoReverseMatch)
  })

  it('pass on an error in the converter itself', () => {
    expect(() => kwargsOf('/broken/abc/')).to.throw(TypeError)
  })

  it('refuse a number that cannot be represented exactly, instead of matching another row', () => {
    expect(kwargsOf('/n/9007199254740991/')).to.deep.equal({ n: Number.MAX_SAFE_INTEGER })
    expect(() => kwargsOf('/n/9007199254740993/')).to.throw(Resolver404)
  })

  it('never write undefined, null or [object Object] into a URL', () => {
    for (const nothing of [undefined, null, {}]) {
      expect(() => reverse('text', { args: [nothing], urlconf })).to.throw(NoReverseMatch)
      expect(() => reverse('text', { kwargs: { text: nothing }, urlconf })).to.throw(NoReverseMatch)
    }
  })

  it('of paths match slashes but no line break', () => {
    expect(kwargsOf('/file/a/b.txt')).to.deep.equal({ file: 'a/b.txt' })
    expect(() => kwargsOf('/file/a\nb')).to.throw(Resolver404)
  })

  it('may be registered again unchanged, but not replaced', () => {
    registerConverter(FourDigitYear, 'yyyy')
    registerConverter(day, 'day')
    expect(() => registerConverter(day, 'yyyy')).to.throw(
      ImproperlyConfigured,
      "'yyyy'): a converter of this name is already",
    )
    expect(() => registerConverter(day, 'int')).to.throw(ImproperlyConfigured, 'is built in')
  })

  it('need a regex', () => {
    const regex = /x/ as unknown as string
    expect(() => registerConverter({ regex }, 'x')).to.throw(ImproperlyConfigured, 'found /x/')
  })
})
