<?php
/** What surrounds objects and hooks: cache, database, configuration with its scopes, the context, the shop. */

class Cache
{
    private static $kept = array();

    public static function isStored($key)
    {
        return array_key_exists($key, self::$kept);
    }

    public static function store($key, $value)
    {
        self::$kept[$key] = $value;
    }

    public static function retrieve($key)
    {
        return self::$kept[$key];
    }

    public static function clean($pattern)
    {
        foreach (array_keys(self::$kept) as $key) {
            if (fnmatch($pattern, $key)) {
                unset(self::$kept[$key]);
            }
        }
    }
}

class Db
{
    private static $instance;
    private $pdo;

    public static function getInstance()
    {
        if (!self::$instance) {
            self::$instance = new self();
        }
        return self::$instance;
    }

    private function __construct()
    {
        list($host, $port) = explode(':', _DB_SERVER_);
        $this->pdo = new PDO("mysql:host=$host;port=$port;dbname=" . _DB_NAME_ . ';charset=utf8mb4', _DB_USER_, _DB_PASSWD_);
        $this->pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
        $this->pdo->exec("SET SESSION sql_mode = ''");
    }

    public function executeS($sql)
    {
        return $this->pdo->query($sql)->fetchAll(PDO::FETCH_ASSOC);
    }

    public function getRow($sql)
    {
        $rows = $this->executeS($sql . ' LIMIT 1');
        return $rows ? $rows[0] : false;
    }

    public function getValue($sql)
    {
        $row = $this->getRow($sql);
        return $row ? current($row) : false;
    }
}

/** Values for the whole installation, a group of shops, a shop; the nearest one counts. */
class Configuration
{
    private static $values = array();

    public static function loadConfiguration()
    {
        self::$values = array();
        foreach (Db::getInstance()->executeS('SELECT * FROM ' . _DB_PREFIX_ . 'configuration') as $row) {
            self::$values[(int) $row['id_shop_group']][(int) $row['id_shop']][$row['name']] = $row['value'];
        }
    }

    public static function get($key, $lang = null, $group = null, $shop = null)
    {
        $shop = $shop === null ? Shop::getContextShopID() : (int) $shop;
        $group = $group === null ? Shop::getContextShopGroupID() : (int) $group;
        foreach (array(array($group, $shop), array(0, $shop), array($group, 0), array(0, 0)) as $scope) {
            if (isset(self::$values[$scope[0]][$scope[1]][$key])) {
                return self::$values[$scope[0]][$scope[1]][$key];
            }
        }
        return false;
    }

    /** For this process only. A scope that is not named is the context's, not the whole installation. */
    public static function set($key, $value, $group = null, $shop = null)
    {
        $shop = $shop === null ? Shop::getContextShopID() : (int) $shop;
        $group = $group === null ? Shop::getContextShopGroupID() : (int) $group;
        self::$values[$group][$shop][$key] = $value;
    }

    public static function updateValue($key, $value)
    {
        Probe::wrote("Configuration::updateValue $key");
    }
}

class Validate
{
    public static function isLoadedObject($object)
    {
        return is_object($object) && $object->id;
    }
}

class Context
{
    private static $instance;
    public $cookie;
    public $customer;
    public $language;
    public $country;
    public $shop;
    public $link;
    public $controller;
    public $employee;
    public $cart;
    public $currency;

    public static function getContext()
    {
        if (!self::$instance) {
            self::$instance = new self();
        }
        return self::$instance;
    }

    /** The command line counts as a computer. */
    public function getDevice()
    {
        return 1;
    }
}

class Cookie
{
}

class Country
{
}

class Link
{
}

class Mail
{
    const METHOD_DISABLE = 3;

    public static function Send()
    {
        if ((int) Configuration::get('PS_MAIL_METHOD') !== self::METHOD_DISABLE) {
            Probe::write(array('mail' => 'sent'));
        }
        return true;
    }
}
