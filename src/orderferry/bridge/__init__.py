"""The bridge to PrestaShop's hooks: a PHP script and its configuration, as they are put onto the shop's host.

`orderferry-bridge.ini` is a template: `@SHOP_FOLDER@` stands for the shop's folder, `@SHOP_ID@` for the value that the
shop's own table `<prefix>orderferry_state` keeps under the name `shop_id` (both between double quotes).
"""

SCRIPT = "orderferry-bridge.php"
SETTINGS = "orderferry-bridge.ini"

# The script has the same lists (`--hooks` prints them).
DEFAULT_HOOKS = (
    "actionObjectAddAfter",
    "actionObjectUpdateAfter",
    "actionObjectOrderAddAfter",
    "actionObjectOrderUpdateAfter",
    "actionValidateOrder",
    "actionOrderStatusUpdate",
    "actionOrderStatusPostUpdate",
    "actionUpdateQuantity",
    "actionAdminOrdersTrackingNumberUpdate",
)
HOOKS_ON_REQUEST = (
    "actionObjectCustomerAddAfter",
    "actionObjectAddressAddAfter",
    "actionObjectCartAddAfter",
    "actionObjectOrderDetailAddAfter",
    "actionObjectOrderCarrierAddAfter",
    "actionObjectOrderPaymentAddAfter",
    "actionPaymentCCAdd",
    "actionPaymentConfirmation",
    "actionObjectOrderInvoiceAddAfter",
    "actionObjectOrderHistoryAddAfter",
    "actionOrderHistoryAddAfter",
    "actionValidateOrderAfter",
    "actionObjectOrderCarrierUpdateAfter",
)
