<?php
/** Modules, and the probe that all modules of the double are: it writes down what it hears and does as told. */

class Module
{
    public $name;
    public $tab;
    public $version;
    public $author;
    public $displayName;

    private static $instances = array();

    public function __construct()
    {
    }

    /** One instance a process; false for a module without its file. */
    public static function getInstanceByName($name)
    {
        if (!isset(self::$instances[$name])) {
            $file = _PS_MODULE_DIR_ . "$name/$name.php";
            if (!is_file($file)) {
                return false;
            }
            require_once $file;
            self::$instances[$name] = new $name();
        }
        return self::$instances[$name];
    }

    public static function getNativeModuleList()
    {
        return array('nativeone');
    }
}

class Probe extends Module
{
    public function heard($method, array $parameters)
    {
        $name = strtolower(get_class($this));
        $context = Context::getContext();
        $line = array(
            'module' => $name,
            'hook' => substr($method, 4),
            'parameters' => array_map(array('Probe', 'described'), $parameters),
            'context' => array(
                'shop' => $context->shop->id,
                'shop_context' => Shop::getContextShopID(),
                'language' => $context->language->id,
                'currency' => $context->currency->id,
                'customer' => $context->customer->id,
                'cart' => $context->cart->id,
                'employee' => get_class($context->employee) . (int) $context->employee->id,
                'controller' => $context->controller,
            ),
            'states' => array_values(array_filter(array_map(array('Probe', 'stateOf'), $parameters))),
            'kernel' => isset($GLOBALS['kernel']) ? $GLOBALS['kernel']->said : null,
            'mail_method' => (int) Configuration::get('PS_MAIL_METHOD'),
            'sendmail' => ini_get('sendmail_path'),
            'user' => function_exists('posix_geteuid') ? posix_geteuid() : -1,
            'folder' => getcwd(),
            'umask' => umask(),
            'process' => getmypid(),
        );
        $number = self::write($line);
        foreach (self::behaviours() as $told) {
            $fits = (!isset($told['module']) || $told['module'] === $name)
                && (!isset($told['hook']) || $told['hook'] === $line['hook']);
            if ($fits && (!isset($told['at']) || $told['at'] === $number)) {
                self::act($told['do']);
            }
        }
    }

    private static function act($what)
    {
        if ($what === 'throw') {
            throw new RuntimeException('can\'t reach buyer@example.com in Via Roma 1');
        } elseif ($what === 'babble') {
            throw new Error("\x1b[2Jx" . str_repeat('è', 200) . "\0\n");
        } elseif ($what === 'latin') {
            throw new Error("perch\xe9");
        } elseif ($what === 'quote') {
            throw new Error('no way to buyer@example.com, tel. +39 02 1234567, of "Mario Rossi" on line 3');
        } elseif ($what === 'uncaught') {
            register_shutdown_function(function () { throw new RuntimeException('buyer@example.com'); });
            exit(0);
        } elseif ($what === 'error') {
            strlen();
        } elseif ($what === 'exit') {
            exit(0);
        } elseif ($what === 'fatal') {
            ini_set('memory_limit', '32M');
            str_repeat('x', 1 << 28);
        } elseif ($what === 'trigger') {
            trigger_error('no room for buyer@example.com', E_USER_ERROR);
        } elseif ($what === 'kill') {
            posix_kill(getmypid(), SIGKILL);
        } elseif ($what === 'print') {
            echo 'a page for buyer@example.com';
        } elseif ($what === 'unbuffer') {
            while (ob_get_level() > 0) {
                ob_end_clean();
            }
        } elseif ($what === 'mail') {
            Mail::Send();
        } elseif ($what === 'context') {
            Context::getContext()->shop = new Shop(2);
            Shop::setContext(Shop::CONTEXT_SHOP, 2);
            Context::getContext()->customer = new Customer();
            Configuration::set('PS_MAIL_METHOD', 1);
            chdir('/');
        } elseif ($what === 'wait') {
            touch(_PS_ROOT_DIR_ . '/waiting');
            while (!is_file(_PS_ROOT_DIR_ . '/go')) {
                usleep(5000);
            }
        }
    }

    /** Append to the log; return which line it is, from 1. */
    public static function write(array $line)
    {
        $file = _PS_ROOT_DIR_ . '/heard.jsonl';
        file_put_contents($file, json_encode($line) . "\n", FILE_APPEND);
        return count(file($file));
    }

    public static function wrote($what)
    {
        self::write(array('wrote' => $what));
        return true;
    }

    private static function behaviours()
    {
        $file = _PS_ROOT_DIR_ . '/behaviours.json';
        return is_file($file) ? json_decode(file_get_contents($file), true) : array();
    }

    /** The state that an order among the parameters says it is in. */
    public static function stateOf($value)
    {
        return $value instanceof Order ? (int) $value->current_state : null;
    }

    public static function described($value)
    {
        if (is_array($value)) {
            return array_map(array('Probe', 'described'), $value);
        }
        if (!is_object($value)) {
            return $value;
        }
        $text = get_class($value) . ' ' . (isset($value->id) ? $value->id : '-');
        return $value instanceof OrderState && isset($value->name) ? "$text $value->name" : $text;
    }
}
