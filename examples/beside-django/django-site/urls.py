"""The addresses of the Django side: all but /shop/, which the proxy gives to Nuages."""
from django.urls import include, path
from pages import views

urlpatterns = [
    path('', views.home, name='home'),
    path('cart/add/', views.add_to_cart, name='add'),
    path('accounts/', include('django.contrib.auth.urls')),
]
