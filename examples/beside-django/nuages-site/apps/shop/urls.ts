/** The addresses below /shop/. */
import { path } from '#core/urls'
import { addToCart, checkout, index } from './views.ts'

export const appName = 'shop'

export const urlpatterns = [
  path('', index, { name: 'index' }),
  path('cart/add/', addToCart, { name: 'add' }),
  path('checkout/', checkout, { name: 'checkout' }),
]
