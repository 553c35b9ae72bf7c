<?php
/** PrestaShop's objects: a row of a table, loaded by its id. */

abstract class ObjectModel
{
    const TABLE = '';
    const KEY = '';

    public $id;

    public function __construct($id = null, $id_lang = null, $id_shop = null)
    {
        if (!$id) {
            return;
        }
        $key = 'objectmodel_' . static::TABLE . "_{$id}_{$id_lang}";
        if (!Cache::isStored($key)) {
            Cache::store($key, $this->load((int) $id, $id_lang));
        }
        foreach (Cache::retrieve($key) as $name => $value) {
            $this->$name = $value;
        }
    }

    private function load($id, $id_lang)
    {
        $table = _DB_PREFIX_ . static::TABLE;
        $row = Db::getInstance()->getRow("SELECT * FROM `$table` WHERE `" . static::KEY . "` = $id");
        if (!$row) {
            return array();
        }
        $columns = array('id' => $id) + $row;
        if ($id_lang && in_array(static::TABLE, array('order_state', 'carrier'), true)) {
            $names = Db::getInstance()->getRow("SELECT * FROM `{$table}_lang` WHERE `" . static::KEY . "` = $id AND id_lang = " . (int) $id_lang);
            $columns += $names ?: array();
        }
        return $columns;
    }

    public function __set($name, $value)
    {
        $this->$name = $value;
    }

    public function __call($name, $arguments)
    {
        $writing = array('add', 'update', 'save', 'delete', 'changeidorderstate', 'setcurrentstate', 'addwithemail');
        if (in_array(strtolower($name), $writing, true)) {
            return Probe::wrote(get_class($this) . "::$name");
        }
        throw new Error("Call to undefined method " . get_class($this) . "::$name()");
    }
}

#[AllowDynamicProperties]
class Order extends ObjectModel
{
    const TABLE = 'orders';
    const KEY = 'id_order';
}

#[AllowDynamicProperties]
class OrderState extends ObjectModel
{
    const TABLE = 'order_state';
    const KEY = 'id_order_state';
}

#[AllowDynamicProperties]
class OrderDetail extends ObjectModel
{
    const TABLE = 'order_detail';
    const KEY = 'id_order_detail';
}

#[AllowDynamicProperties]
class OrderCarrier extends ObjectModel
{
    const TABLE = 'order_carrier';
    const KEY = 'id_order_carrier';
}

#[AllowDynamicProperties]
class OrderPayment extends ObjectModel
{
    const TABLE = 'order_payment';
    const KEY = 'id_order_payment';
}

#[AllowDynamicProperties]
class OrderInvoice extends ObjectModel
{
    const TABLE = 'order_invoice';
    const KEY = 'id_order_invoice';
}

#[AllowDynamicProperties]
class OrderHistory extends ObjectModel
{
    const TABLE = 'order_history';
    const KEY = 'id_order_history';
}

#[AllowDynamicProperties]
class Customer extends ObjectModel
{
    const TABLE = 'customer';
    const KEY = 'id_customer';
}

#[AllowDynamicProperties]
class Address extends ObjectModel
{
    const TABLE = 'address';
    const KEY = 'id_address';
}

#[AllowDynamicProperties]
class Cart extends ObjectModel
{
    const TABLE = 'cart';
    const KEY = 'id_cart';
}

#[AllowDynamicProperties]
class Carrier extends ObjectModel
{
    const TABLE = 'carrier';
    const KEY = 'id_carrier';
}

#[AllowDynamicProperties]
class Currency extends ObjectModel
{
    const TABLE = 'currency';
    const KEY = 'id_currency';
}

#[AllowDynamicProperties]
class Language extends ObjectModel
{
    const TABLE = 'lang';
    const KEY = 'id_lang';
}

#[AllowDynamicProperties]
class Employee extends ObjectModel
{
    const TABLE = 'employee';
    const KEY = 'id_employee';
}

#[AllowDynamicProperties]
class Shop extends ObjectModel
{
    const TABLE = 'shop';
    const KEY = 'id_shop';
    const CONTEXT_SHOP = 1;

    private static $current = 0;

    public static function setContext($type, $id = null)
    {
        self::$current = (int) $id;
    }

    public static function getContextShopID()
    {
        return self::$current;
    }

    public static function getContextShopGroupID()
    {
        return (int) Db::getInstance()->getValue('SELECT id_shop_group FROM ' . _DB_PREFIX_ . 'shop WHERE id_shop = ' . self::$current);
    }

    public static function getContextListShopID()
    {
        return array(self::$current);
    }
}

/** Stock and orders have methods that write; a bridge that calls one shows in the log. */
class StockAvailable
{
    public static function __callStatic($name, $arguments)
    {
        return Probe::wrote("StockAvailable::$name");
    }
}
