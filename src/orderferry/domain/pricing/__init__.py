"""What an order costs and what of it is tax: from Amazon's amounts to PrestaShop's, to the cent."""
