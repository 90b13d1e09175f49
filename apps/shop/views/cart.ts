/** The shop and its cart, which lies in the session: no login is needed, and a login keeps it. */
import { messages } from '#core/contrib/messages'
import '#core/contrib/sessions'
import { Http404, type HttpRequest, type HttpResponse } from '#core/http'
import { redirect, render } from '#core/shortcuts'
import { requirePost } from '../require_post.ts'

declare module '#core/contrib/sessions' {
  interface SessionData {
    cart?: { name: string; count: number }[]
  }
}

const GOODS = ['tea', 'coffee', 'cake']

export function index(request: HttpRequest): HttpResponse {
  return render(request, 'shop/index.html', { goods: GOODS, cart: request.session.cart ?? [] })
}

export const addToCart = requirePost((request) => {
  const name = request.POST.get('name') ?? ''
  if (!GOODS.includes(name)) throw new Http404(`There is no '${name}' in this shop.`)
  const cart = (request.session.cart ??= [])
  const item = cart.find((each) => each.name === name)
  // A change inside the list is seen and saved like any other.
  if (item === undefined) cart.push({ name, count: 1 })
  else item.count += 1
  messages.success(request, `Put into your cart: ${name}.`)
  return redirect('shop:index')
})

export const removeFromCart = requirePost((request) => {
  const name = request.POST.get('name')
  const cart = request.session.cart ?? []
  const at = cart.findIndex((each) => each.name === name)
  if (at >= 0) {
    cart.splice(at, 1)
    messages.success(request, `Taken out of your cart: ${name}.`)
  }
  return redirect('shop:index')
})
