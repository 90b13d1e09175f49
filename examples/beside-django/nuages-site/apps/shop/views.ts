/** The shop: who is logged in, how often a page was looked at, and the cart. django-site has the same in Python. */
import { loginRequired } from '#core/contrib/auth'
import { messages } from '#core/contrib/messages'
import '#core/contrib/sessions'
import { Http404, type HttpRequest, type HttpResponseBase, HttpResponseNotAllowed } from '#core/http'
import { redirect, render } from '#core/shortcuts'

declare module '#core/contrib/sessions' {
  interface SessionData {
    cart?: { name: string; count: number }[]
    visits?: number
  }
}

const GOODS = ['tea', 'coffee', 'cake']

export function index(request: HttpRequest): HttpResponseBase {
  const { session } = request
  session.visits = (session.visits ?? 0) + 1
  return render(request, 'page.html', {
    title: 'Shop',
    side: 'Nuages',
    visits: session.visits,
    goods: GOODS,
    cart: session.cart ?? [],
    add: '/shop/cart/add/',
  })
}

export function addToCart(request: HttpRequest): HttpResponseBase {
  if (request.method !== 'POST') return new HttpResponseNotAllowed(['POST'])
  const name = request.POST.get('name') ?? ''
  if (!GOODS.includes(name)) throw new Http404('There is no such thing in this shop.')
  const cart = (request.session.cart ??= [])
  const item = cart.find((each) => each.name === name)
  if (item === undefined) cart.push({ name, count: 1 })
  else item.count += 1
  messages.success(request, `Nuages put ${name} into your cart.`)
  return redirect('shop:index')
}

/** For members: whoever is not logged in is sent to Django's login page, and comes back. */
export const checkout = loginRequired((request: HttpRequest) =>
  render(request, 'checkout.html', { title: 'Checkout', side: 'Nuages', cart: request.session.cart ?? [] }),
)
