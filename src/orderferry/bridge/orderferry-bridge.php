<?php
/**
 * Tells PrestaShop's modules of what orderferry wrote into the shop: fires the hooks that SQL does not fire.
 *
 * Run by cron as the owner of the shop's files; `--help` lists the options, docs/bridge.md explains them. Settings are
 * in orderferry-bridge.ini beside this file. It reads <prefix>orderferry_event, and writes <prefix>orderferry_event_call
 * and <prefix>orderferry_event_consumer; of PrestaShop it only loads objects and calls modules. Nothing here saves one.
 *
 * How once is kept: a row "running" is committed before a module is called, "done" or "failed" after it, over a
 * connection of its own. A process that dies in between leaves "running", and nobody knows how far the module came:
 * such a call is reported, and made again only by `--replay`.
 *
 * Syntax: what PHP 5.6 parses too, so that an old PHP says in words that it is too old.
 */

namespace Orderferry\Bridge;

const VERSION = '1';
const CONSUMER = 'bridge';
const DONE = 0;
const NEEDS_A_PERSON = 1;
const USAGE = 2;
const ALREADY_RUNNING = 3;
const SHOP_UNAVAILABLE = 5;

/** Ends the bridge with a sentence, what to do now, and an exit code. */
final class Stop extends \Exception
{
    public $hint;

    public function __construct($code, $message, $hint = '')
    {
        parent::__construct($message, $code);
        $this->hint = $hint;
    }
}

/** What is said to the person: on the error output, for cron to mail. */
final class Say
{
    public static $verbose = false;

    /** One line of UTF-8, whatever a module's file names and errors are made of. */
    public static function plain($text)
    {
        $text = preg_replace('/[\x00-\x1f\x7f]+/', ' ', $text);
        return preg_match('//u', $text) ? $text : preg_replace('/[^\x20-\x7e]/', '?', $text);
    }

    /** Words of others without what may be a buyer's: addresses of mail, long numbers, what stands in quotes. */
    public static function masked($text)
    {
        $text = preg_replace('/[^\s@\'"<>(),;:]+@[^\s@\'"<>(),;:]+/', '[e-mail]', self::plain($text));
        $text = preg_replace('/\+?\d[\d .\/-]{3,}\d/', '[number]', $text);
        return preg_replace('/(["\'])(?:(?!\1)\S)*\s(?:(?!\1).)*\1/', '$1...$1', $text);
    }

    public static function line($text)
    {
        $text = self::plain($text);
        if (defined('STDERR')) {
            fwrite(STDERR, 'orderferry-bridge: ' . $text . "\n");
        } else {
            echo 'orderferry-bridge: ' . $text . "\n";
        }
    }

    public static function detail($text)
    {
        if (self::$verbose) {
            self::line($text);
        }
    }
}

/** The command line. */
final class Options
{
    const HELP = <<<'TEXT'
Usage: php orderferry-bridge.php [OPTIONS]
Fires PrestaShop's hooks for what orderferry wrote into the shop. Settings: orderferry-bridge.ini beside this file.

  --config FILE     another file of settings
  --once            one PHP process only: at most orders_per_process orders, of one shop
  --check           boots PrestaShop as for a run, says what it found, and fires nothing
  --replay WHICH    fires again what failed or is unknown: the number of an event, "failed", "unknown" or "all" of both
  --module NAME     with --replay: only what this module was to hear
  --done-too        with --replay and the number of an event: also what was done
  --from-now        passes over everything that waits, for good: only what comes afterwards is told
  --hooks           lists the hooks that it can fire
  -v, --verbose     says what it does
  --help, --version

Exit codes: 0 done; 1 calls failed or are unknown; 2 settings, user, folder or PHP are wrong, nothing was fired;
3 another bridge is at work; 5 the shop's database is unavailable or lacks orderferry's tables.

TEXT;

    public $config;
    public $once = false;
    public $check = false;
    public $replay = '';
    public $module = '';
    public $doneToo = false;
    public $fromNow = false;
    public $show = '';

    public function __construct(array $words)
    {
        $flags = array('--once' => 'once', '--check' => 'check', '--done-too' => 'doneToo', '--from-now' => 'fromNow');
        $values = array('--config' => 'config', '--replay' => 'replay', '--module' => 'module');
        while ($words) {
            $word = array_shift($words);
            if (preg_match('/^(--[a-z]+)=(.*)$/', $word, $parts)) {
                $word = $parts[1];
                array_unshift($words, $parts[2]);
            }
            if (isset($flags[$word])) {
                $this->{$flags[$word]} = true;
            } elseif (isset($values[$word])) {
                if (!$words) {
                    throw new Stop(USAGE, "$word needs a value.", 'See --help.');
                }
                $this->{$values[$word]} = array_shift($words);
            } elseif ($word === '-v' || $word === '--verbose') {
                Say::$verbose = true;
            } elseif (in_array($word, array('--help', '-h', '--version', '--hooks'), true)) {
                $this->show = $word;
            } else {
                throw new Stop(USAGE, "There is no option $word.", 'See --help.');
            }
        }
        $this->validate();
    }

    /** Whether a text is a whole number (ctype is not in every PHP). */
    public static function isNumber($text)
    {
        return preg_match('/^[0-9]{1,18}$/', $text) === 1;
    }

    private function validate()
    {
        if ($this->replay === '' && ($this->module !== '' || $this->doneToo)) {
            throw new Stop(USAGE, '--module and --done-too belong to --replay.', 'See --help.');
        }
        $number = self::isNumber($this->replay);
        if ($this->replay !== '' && !$number && !in_array($this->replay, array('failed', 'unknown', 'all'), true)) {
            throw new Stop(USAGE, '--replay takes the number of an event, "failed", "unknown" or "all".');
        }
        if ($this->fromNow && $this->replay !== '') {
            throw new Stop(USAGE, '--from-now and --replay are two different things: give one of them.');
        }
        if ($this->doneToo && !$number) {
            throw new Stop(USAGE, '--done-too goes with the number of one event: --replay 17 --done-too.');
        }
    }
}

/** The hooks that the bridge can fire. */
final class HookNames
{
    /** Name => whether it is fired without being asked for. */
    const ALL = array(
        'actionObjectAddAfter' => true,
        'actionObjectUpdateAfter' => true,
        'actionObjectOrderAddAfter' => true,
        'actionObjectOrderUpdateAfter' => true,
        'actionValidateOrder' => true,
        'actionOrderStatusUpdate' => true,
        'actionOrderStatusPostUpdate' => true,
        'actionUpdateQuantity' => true,
        'actionAdminOrdersTrackingNumberUpdate' => true,
        'actionObjectCustomerAddAfter' => false,
        'actionObjectAddressAddAfter' => false,
        'actionObjectCartAddAfter' => false,
        'actionObjectOrderDetailAddAfter' => false,
        'actionObjectOrderCarrierAddAfter' => false,
        'actionObjectOrderPaymentAddAfter' => false,
        'actionPaymentCCAdd' => false,
        'actionPaymentConfirmation' => false,
        'actionObjectOrderInvoiceAddAfter' => false,
        'actionObjectOrderHistoryAddAfter' => false,
        'actionOrderHistoryAddAfter' => false,
        'actionValidateOrderAfter' => false,
        'actionObjectOrderCarrierUpdateAfter' => false,
    );

    /** Given a name in any case, its proper spelling; null for a hook that the bridge does not know. */
    public static function proper($name)
    {
        foreach (array_keys(self::ALL) as $known) {
            if (strcasecmp($known, $name) === 0) {
                return $known;
            }
        }
        return null;
    }
}

/** orderferry-bridge.ini. */
final class Settings
{
    public $shopFolder = '';
    public $shopId = '';
    public $hooks = array();
    public $modulesSkip = array();
    public $modulesOnly = array();
    public $ordersPerProcess = 100;
    public $maxSeconds = 240;
    public $idShop = 0;

    const KEYS = array(
        'shop_folder', 'shop_id', 'hooks_add', 'hooks_remove', 'modules_skip', 'modules_only', 'orders_per_process',
        'max_seconds', 'id_shop',
    );

    private $file;

    public function __construct($file)
    {
        $this->file = $file;
        if (!is_file($file) || !is_readable($file)) {
            throw new Stop(
                USAGE,
                "The settings $file can't be read.",
                '`orderferry bridge install FOLDER` writes them; its owner must be the user whom cron runs this as.'
            );
        }
        $values = @parse_ini_file($file, false, INI_SCANNER_RAW);
        if ($values === false) {
            $error = error_get_last();
            $why = $error ? $error['message'] : 'no reason given';
            throw new Stop(USAGE, "$file is no valid file of settings: $why");
        }
        foreach (array_keys($values) as $key) {
            if (!in_array($key, self::KEYS, true)) {
                throw new Stop(USAGE, "$file: there is no key $key.", 'Keys: ' . implode(', ', self::KEYS) . '.');
            }
            if (!is_string($values[$key])) {
                throw new Stop(USAGE, "$file: $key is one text; write a list as: $key = \"a, b\".");
            }
        }
        $this->read($values + array_fill_keys(self::KEYS, ''));
    }

    private function read(array $values)
    {
        $this->shopFolder = rtrim($values['shop_folder'], '/');
        $this->shopId = $values['shop_id'];
        foreach (array('shop_folder' => $this->shopFolder, 'shop_id' => $this->shopId) as $key => $value) {
            if ($value === '' || $value[0] === '@') {
                throw new Stop(
                    USAGE,
                    "$this->file: $key is missing.",
                    'Write it there, or let `orderferry bridge install FOLDER` do it.'
                );
            }
        }
        $hooks = array_keys(array_filter(HookNames::ALL));
        $removed = $this->hookList('hooks_remove', $values['hooks_remove']);
        $this->hooks = array_diff(array_merge($hooks, $this->hookList('hooks_add', $values['hooks_add'])), $removed);
        $this->modulesSkip = self::words($values['modules_skip']);
        $this->modulesOnly = self::words($values['modules_only']);
        $this->ordersPerProcess = $this->number('orders_per_process', $values['orders_per_process'], 1, 100, 100);
        $this->maxSeconds = $this->number('max_seconds', $values['max_seconds'], 1, 86400, 240);
        $this->idShop = $this->number('id_shop', $values['id_shop'], 0, 4294967295, 0);
    }

    /** Whether a hook is to be fired. */
    public function fires($hook)
    {
        return in_array($hook, $this->hooks, true);
    }

    /** Whether a module may hear of anything. */
    public function tells($module)
    {
        $name = strtolower($module);
        $chosen = !$this->modulesOnly || in_array($name, $this->modulesOnly, true);
        return $chosen && !in_array($name, $this->modulesSkip, true);
    }

    private function hookList($key, $text)
    {
        $names = array();
        foreach (self::words($text) as $word) {
            $name = HookNames::proper($word);
            if ($name === null) {
                throw new Stop(
                    USAGE,
                    "$this->file: $key names the hook $word, which the bridge does not fire.",
                    '`--hooks` lists those that it can.'
                );
            }
            $names[] = $name;
        }
        return $names;
    }

    private function number($key, $text, $least, $most, $default)
    {
        if ($text === '') {
            return $default;
        }
        if (!Options::isNumber($text) || $text < $least || $text > $most) {
            throw new Stop(USAGE, "$this->file: $key must be a number from $least to $most.");
        }
        return (int) $text;
    }

    private static function words($text)
    {
        return preg_split('/[\s,]+/', strtolower($text), -1, PREG_SPLIT_NO_EMPTY);
    }
}

/** The folder of the PrestaShop installation: whose it is, and where its database is. */
final class ShopFolder
{
    public $path;

    public function __construct($path)
    {
        $this->path = $path;
        if (!is_dir($path)) {
            $hint = 'Correct shop_folder in the settings.';
            throw new Stop(USAGE, "There is no folder $path that this user can see.", $hint);
        }
        if (!is_file("$path/config/config.inc.php") || $this->settingsFile() === null) {
            throw new Stop(
                USAGE,
                "$path is no PrestaShop: config/config.inc.php, or the file with its database settings, is missing.",
                'shop_folder must be the folder that holds config/, classes/ and modules/.'
            );
        }
    }

    /** Only the owner of the shop's files may run the bridge: caches that root owns make the shop answer HTTP 500. */
    public function refuseOtherUsers()
    {
        $owner = fileowner("$this->path/config");
        $user = self::effectiveUser();
        if ($user === 0) {
            throw new Stop(
                USAGE,
                'This is root. Caches that root writes make the shop answer HTTP 500 to its customers.',
                self::asOwner($owner ?: 'www-data')
            );
        }
        if ($owner !== $user) {
            throw new Stop(
                USAGE,
                "$this->path/config belongs to " . self::name($owner) . ', but this runs as ' . self::name($user) . '.',
                self::asOwner($owner)
            );
        }
    }

    private static function asOwner($owner)
    {
        return 'Run it as the user whom the shop\'s files belong to: `crontab -u ' . self::name($owner) . ' -e`.';
    }

    /** Where the database is: dsn, user, password, name, prefix. */
    public function database()
    {
        $file = $this->settingsFile();
        if (!is_readable($file)) {
            throw new Stop(USAGE, "$file can't be read by this user.", 'Is it the owner of the shop\'s files?');
        }
        $values = substr($file, -14) === 'parameters.php' ? self::parameters($file) : self::defines($file);
        if (empty($values['name']) || empty($values['host'])) {
            throw new Stop(USAGE, "$file names no database.", 'Is shop_folder the folder of the live shop?');
        }
        return array('dsn' => self::dsn($values)) + $values;
    }

    private function settingsFile()
    {
        foreach (array('app/config/parameters.php', 'config/settings.inc.php') as $place) {
            if (is_file("$this->path/$place")) {
                return "$this->path/$place";
            }
        }
        return null;
    }

    private static function parameters($file)
    {
        $read = include $file;
        $given = is_array($read) && isset($read['parameters']) ? $read['parameters'] : array();
        $values = array();
        foreach (array('host', 'port', 'user', 'password', 'name', 'prefix') as $key) {
            $values[$key] = isset($given["database_$key"]) ? (string) $given["database_$key"] : '';
        }
        return $values;
    }

    /** The constants of 1.6, read without running the file: PrestaShop is to define them itself. */
    private static function defines($file)
    {
        $names = array(
            'host' => '_DB_SERVER_', 'user' => '_DB_USER_', 'password' => '_DB_PASSWD_', 'name' => '_DB_NAME_',
            'prefix' => '_DB_PREFIX_',
        );
        $text = file_get_contents($file);
        $values = array('port' => '');
        foreach ($names as $key => $name) {
            $define = '/define\s*\(\s*[\'"]' . $name . '[\'"]\s*,\s*([\'"])((?:\\\\.|(?!\1).)*)\1/s';
            $found = preg_match($define, $text, $match);
            $values[$key] = $found ? preg_replace('/\\\\([\\\\\'"])/', '$1', $match[2]) : '';
        }
        return $values;
    }

    private static function dsn(array $values)
    {
        $host = $values['host'];
        $rest = $values['port'];
        if (strpos($host, ':') !== false && substr_count($host, ':') === 1) {
            list($host, $rest) = explode(':', $host);
        }
        $where = "host=$host";
        if ($host !== '' && $host[0] === '/') {
            $where = "unix_socket=$host";
        } elseif ($rest !== '' && $rest[0] === '/') {
            $where = "unix_socket=$rest";
        } elseif ($rest !== '') {
            $where .= ";port=$rest";
        }
        return "mysql:$where;dbname={$values['name']};charset=utf8mb4";
    }

    private static function effectiveUser()
    {
        if (function_exists('posix_geteuid')) {
            return posix_geteuid();
        }
        // Hosts without the posix functions: whose is a file that this process makes?
        $file = tempnam(sys_get_temp_dir(), 'orderferry');
        $owner = $file === false ? false : fileowner($file);
        if ($file !== false) {
            unlink($file);
        }
        return $owner;
    }

    private static function name($user)
    {
        $known = function_exists('posix_getpwuid') && is_int($user) ? posix_getpwuid($user) : false;
        return $known ? $known['name'] : (string) $user;
    }
}

/** One row of the outbox. */
final class Event
{
    const KINDS = array(
        'order_created', 'order_changed', 'state_changed', 'order_cancelled', 'tracking_set', 'stock_changed',
    );

    public $id;
    public $kind;
    public $idOrder;
    public $idShop;
    public $amazonId;
    public $data;

    public function __construct(array $row)
    {
        $this->id = (int) $row['id_event'];
        $this->kind = $row['kind'];
        $this->idOrder = (int) $row['id_order'];
        $this->idShop = (int) $row['id_shop'];
        $this->amazonId = (string) $row['amazon_order_id'];
        $data = json_decode((string) $row['data'], true);
        $this->data = is_array($data) ? $data : array();
    }

    public function number($key)
    {
        return isset($this->data[$key]) ? (int) $this->data[$key] : 0;
    }

    public function changesState()
    {
        return $this->kind === 'state_changed' || $this->kind === 'order_cancelled';
    }

    public function named()
    {
        $order = $this->idOrder ? " (order $this->idOrder, $this->amazonId)" : '';
        return "event $this->id$order";
    }
}

/** orderferry's tables in the shop, over a connection of the bridge's own that commits every statement. */
final class Store
{
    const TABLES = array('orderferry_event', 'orderferry_event_consumer', 'orderferry_event_call', 'orderferry_state');
    const RETRIES = 10;
    // How the message of a call begins that ended PHP, and of one that was not made since an earlier one did.
    const ENDED = 'ended the process';
    const ASIDE = 'set aside';
    const UNKNOWN = 'unknown';

    private $pdo;
    private $prefix;
    private $lock;

    public function __construct(array $database)
    {
        $this->prefix = $database['prefix'];
        $this->lock = 'orderferry-bridge-' . md5($database['name'] . '.' . $database['prefix']);
        $options = array(\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION, \PDO::ATTR_TIMEOUT => 10);
        try {
            $this->pdo = new \PDO($database['dsn'], $database['user'], $database['password'], $options);
        } catch (\PDOException $error) {
            throw self::explained($error);
        }
        $this->rows('SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5, wait_timeout = 28800');
    }

    /** Raise Stop unless this is the shop that the settings name, and nobody keeps its tables locked. */
    public function refuseOtherShops($shopId)
    {
        foreach (self::TABLES as $table) {
            $this->rows("SELECT 1 FROM {p}$table LIMIT 1");
        }
        $rows = $this->rows("SELECT value FROM {p}orderferry_state WHERE name = 'shop_id'");
        $found = $rows ? (string) $rows[0]['value'] : '';
        if ($found !== $shopId) {
            throw new Stop(
                USAGE,
                'The shop in this folder is not the one that this bridge was installed for (shop_id '
                . ($found === '' ? 'is not in its database' : 'differs') . ').',
                'Run `orderferry bridge install FOLDER` again for the shop that is meant.'
            );
        }
        foreach (array('configuration', 'hook', 'hook_module', 'orders', 'order_state') as $table) {
            $this->rows("SELECT 1 FROM {p}$table LIMIT 1");
        }
    }

    /** Whether this is now the only bridge of the shop. The server forgets the lock when the connection ends. */
    public function lock()
    {
        $rows = $this->rows('SELECT GET_LOCK(?, 0) AS taken', array($this->lock));
        return (int) $rows[0]['taken'] === 1;
    }

    /** What the other bridge is doing: the call that runs now, or ''. */
    public function running()
    {
        $rows = $this->rows(
            "SELECT module, hook, id_event, TIMESTAMPDIFF(SECOND, started, UTC_TIMESTAMP()) AS age
            FROM {p}orderferry_event_call WHERE state = 'running' AND message = '' ORDER BY started DESC LIMIT 1"
        );
        if (!$rows) {
            return '';
        }
        return "{$rows[0]['module']} on {$rows[0]['hook']} of event {$rows[0]['id_event']} for {$rows[0]['age']} s";
    }

    /** The id of the last event with nothing left to do. */
    public function position()
    {
        $rows = $this->rows('SELECT id_event FROM {p}orderferry_event_consumer WHERE consumer = ?', array(CONSUMER));
        return $rows ? (int) $rows[0]['id_event'] : 0;
    }

    public function pass(Event $event)
    {
        $this->rows(
            "INSERT INTO {p}orderferry_event_consumer (consumer, id_event, taken, note) VALUES (?, ?, UTC_TIMESTAMP(), '')
            ON DUPLICATE KEY UPDATE id_event = ?, taken = UTC_TIMESTAMP()",
            array(CONSUMER, $event->id, $event->id)
        );
    }

    /** Pass over all that waits; return how many events that were. */
    public function passAll()
    {
        $sql = 'SELECT COUNT(*) AS number, MAX(id_event) AS id_event FROM {p}orderferry_event WHERE id_event > ?';
        $rows = $this->rows($sql, array($this->position()));
        if ($rows[0]['number']) {
            $this->pass($this->event($rows[0]['id_event']));
        }
        return (int) $rows[0]['number'];
    }

    public function note()
    {
        $rows = $this->rows('SELECT note FROM {p}orderferry_event_consumer WHERE consumer = ?', array(CONSUMER));
        return $rows ? (string) $rows[0]['note'] : '';
    }

    public function keepNote($note)
    {
        $this->rows('UPDATE {p}orderferry_event_consumer SET note = ? WHERE consumer = ?', array($note, CONSUMER));
    }

    /** The next events, in order. */
    public function events($limit)
    {
        $rows = $this->rows(
            'SELECT * FROM {p}orderferry_event WHERE id_event > ? ORDER BY id_event LIMIT ' . (int) $limit,
            array($this->position())
        );
        return array_map(function ($row) { return new Event($row); }, $rows);
    }

    /** The event with that id; null when it was pruned. */
    public function event($id)
    {
        $rows = $this->rows('SELECT * FROM {p}orderferry_event WHERE id_event = ?', array($id));
        return $rows ? new Event($rows[0]) : null;
    }

    /** Whether a later event says a newer state of that order. */
    public function isOvertaken(Event $event)
    {
        $kinds = "kind IN ('state_changed', 'order_cancelled')";
        $sql = "SELECT 1 FROM {p}orderferry_event WHERE id_order = ? AND id_event > ? AND $kinds LIMIT 1";
        return (bool) $this->rows($sql, array($event->idOrder, $event->id));
    }

    public function orderExists(Event $event)
    {
        return (bool) $this->rows('SELECT 1 FROM {p}orders WHERE id_order = ?', array($event->idOrder));
    }

    /** The rows of an event's calls: "hook|sequence|module" => state. */
    public function calls(Event $event)
    {
        $states = array();
        $sql = 'SELECT hook, sequence, module, state FROM {p}orderferry_event_call WHERE id_event = ?';
        foreach ($this->rows($sql, array($event->id)) as $row) {
            $states["{$row['hook']}|{$row['sequence']}|{$row['module']}"] = $row['state'];
        }
        return $states;
    }

    /**
     * Before a call: the row that says that it runs. False if another process has made the call its own, which only a
     * server that forgets its locks lets happen.
     */
    public function begin(Call $call)
    {
        $added = $this->count(
            "INSERT IGNORE INTO {p}orderferry_event_call
            (id_event, hook, sequence, module, state, attempts, message, started, ended, next_try)
            VALUES (?, ?, ?, ?, 'running', 1, '', UTC_TIMESTAMP(), NULL, NULL)",
            $call->key()
        );
        return $added === 1 || $this->count(
            "UPDATE {p}orderferry_event_call SET state = 'running', attempts = attempts + 1, message = '',
            started = UTC_TIMESTAMP(), ended = NULL, next_try = NULL
            WHERE id_event = ? AND hook = ? AND sequence = ? AND module = ? AND state = 'failed'",
            $call->key()
        ) === 1;
    }

    public function end(Call $call, $state, $message)
    {
        $this->rows(
            'UPDATE {p}orderferry_event_call SET state = ?, message = ?, ended = UTC_TIMESTAMP(), next_try = '
            . self::nextTry($state) . ' WHERE id_event = ? AND hook = ? AND sequence = ? AND module = ?',
            array_merge(array($state, self::cut($message)), $call->key())
        );
    }

    /** Record the state of a call that was not made. */
    public function recordUnmade(Call $call, $state, $message)
    {
        $next = $state === 'failed' ? 'UTC_TIMESTAMP() + INTERVAL 5 MINUTE' : 'NULL';
        $said = array($state, self::cut($message));
        $this->rows(
            "INSERT INTO {p}orderferry_event_call
            (id_event, hook, sequence, module, state, attempts, message, started, ended, next_try)
            VALUES (?, ?, ?, ?, ?, 0, ?, UTC_TIMESTAMP(), UTC_TIMESTAMP(), $next)
            ON DUPLICATE KEY UPDATE state = ?, message = ?, ended = UTC_TIMESTAMP(), next_try = $next",
            array_merge($call->key(), $said, $said)
        );
    }

    /** Five minutes after the first failure, then twice as long each time, at most six hours; NULL: given up. */
    private static function nextTry($state)
    {
        if ($state !== 'failed') {
            return 'NULL';
        }
        $minutes = 'LEAST(5 * POW(2, LEAST(attempts, ' . self::RETRIES . ') - 1), 360)';
        return 'IF(attempts < ' . self::RETRIES . ", UTC_TIMESTAMP() + INTERVAL $minutes MINUTE, NULL)";
    }

    /** The time of a call has come. Nothing waits for a day: a later time was stored while the clock was wrong. */
    const DUE = '(next_try <= UTC_TIMESTAMP() OR next_try > UTC_TIMESTAMP() + INTERVAL 1 DAY)';

    /** Failed calls whose time has come, with what is known of them; oldest first. */
    public function due($limit)
    {
        $sql = "SELECT * FROM {p}orderferry_event_call WHERE state = 'failed' AND " . self::DUE . "
            ORDER BY id_event, started, hook, sequence, module LIMIT " . (int) $limit;
        return $this->rows($sql);
    }

    /** Modules that ended PHP, and since then were not called with success: name => whether one may be tried now. */
    public function setAside()
    {
        $rows = $this->rows(
            'SELECT module, MIN(COALESCE(' . self::DUE . ", 0)) AS due FROM {p}orderferry_event_call
            WHERE state = 'failed' AND module <> '' AND message LIKE '" . self::ENDED . "%' GROUP BY module"
        );
        return array_map('intval', array_column($rows, 'due', 'module'));
    }

    /** Leftover "running" rows that nobody has named yet. To be asked under the lock: then no call can be running. */
    public function nameUnknown()
    {
        $this->rows(
            "UPDATE {p}orderferry_event_call SET message = '" . self::UNKNOWN . ": the bridge ended during this call'
            WHERE state = 'running' AND message = ''"
        );
    }

    public function hasUnnamed()
    {
        $sql = "SELECT 1 FROM {p}orderferry_event_call WHERE state = 'running' AND message = '' LIMIT 1";
        return (bool) $this->rows($sql);
    }

    /** Calls that a person should know of, by state and module: array of state, module, number, given_up, id_event. */
    public function open()
    {
        return $this->rows(
            "SELECT state, module, COUNT(*) AS number, SUM(next_try IS NULL) AS given_up, MIN(id_event) AS id_event
            FROM {p}orderferry_event_call WHERE state IN ('failed', 'running') GROUP BY state, module
            ORDER BY state, module"
        );
    }

    /** Make calls due at once; return how many. */
    public function replay(Options $options)
    {
        $states = array('failed' => array('failed'), 'unknown' => array('running'));
        $wanted = isset($states[$options->replay]) ? $states[$options->replay] : array('failed', 'running');
        $wanted = array_merge($wanted, $options->doneToo ? array('done') : array());
        $where = "state IN ('" . implode("', '", $wanted) . "')";
        $values = array();
        if (Options::isNumber($options->replay)) {
            $where .= ' AND id_event = ?';
            $values[] = $options->replay;
        }
        if ($options->module !== '') {
            $where .= ' AND module = ?';
            $values[] = $options->module;
        }
        $set = "state = 'failed', attempts = 0, message = 'asked for by --replay', next_try = UTC_TIMESTAMP()";
        return $this->count("UPDATE {p}orderferry_event_call SET $set WHERE $where", $values);
    }

    /** Given rows of ids and numbers of PrestaShop's tables, as read by this statement. */
    public function rows($sql, array $values = array())
    {
        $statement = $this->run($sql, $values);
        try {
            return $statement->columnCount() ? $statement->fetchAll(\PDO::FETCH_ASSOC) : array();
        } catch (\PDOException $error) {
            throw self::explained($error);
        }
    }

    private function count($sql, array $values)
    {
        return $this->run($sql, $values)->rowCount();
    }

    private function run($sql, array $values)
    {
        try {
            $statement = $this->pdo->prepare(str_replace('{p}', $this->prefix, $sql));
            $statement->execute(array_values($values));
            return $statement;
        } catch (\PDOException $error) {
            throw self::explained($error);
        }
    }

    /** What fits into the column: a table refuses half a character, and mbstring is not in every PHP. */
    private static function cut($text)
    {
        $text = substr(Say::plain($text), 0, 255);
        while (!preg_match('//u', $text)) {
            $text = substr($text, 0, -1);
        }
        return $text;
    }

    /** The server's own words stay out of it: they may quote what is not for mails. */
    private static function explained(\PDOException $error)
    {
        $number = isset($error->errorInfo[1]) ? (int) $error->errorInfo[1] : (int) $error->getCode();
        $known = array(
            1146 => array(
                'A table is missing in the shop\'s database: ' . self::tableIn($error->getMessage()) . '.',
                'Is shop_folder the right shop? If so: set events.enabled = true in orderferry\'s configuration, and let an'
                . ' import run once.',
            ),
            1205 => array(
                'A table of the shop is locked by somebody else.',
                'The next run tries again; a back-up may be at work.',
            ),
            1045 => array('The database refuses the shop\'s own user.', 'Does the shop itself work? Its settings are used.'),
            1044 => array('The shop\'s own database user may not use its database.', 'Does the shop itself work?'),
            1049 => array('The shop\'s settings name a database that is not there.', 'Does the shop itself work?'),
            1142 => array(
                'The shop\'s own database user may not use orderferry\'s tables.',
                'Grant it SELECT, INSERT and UPDATE on them.',
            ),
        );
        if (isset($known[$number])) {
            return new Stop(SHOP_UNAVAILABLE, $known[$number][0], $known[$number][1]);
        }
        $gone = in_array($number, array(2002, 2003, 2005, 2006, 2013, 1040, 1053, 1927), true);
        $message = $gone ? 'The shop\'s database can\'t be reached' : 'The shop\'s database refused a statement';
        $hint = 'Nothing is lost: the next run goes on from here.';
        return new Stop(SHOP_UNAVAILABLE, "$message (error $number).", $hint);
    }

    private static function tableIn($message)
    {
        return preg_match("/Table '(?:[^'.]*\\.)?([^']+)'/", $message, $match) ? $match[1] : 'unknown';
    }
}

/** One call of a module: a row of orderferry_event_call. Module and hook '' stand for the whole event. */
final class Call
{
    public $event;
    public $hook;
    public $sequence;
    public $module;

    public function __construct(Event $event, $hook = '', $sequence = 0, $module = '')
    {
        $this->event = $event;
        $this->hook = $hook;
        $this->sequence = $sequence;
        $this->module = $module;
    }

    public function key()
    {
        return array($this->event->id, $this->hook, $this->sequence, $this->module);
    }

    public function index()
    {
        return "$this->hook|$this->sequence|$this->module";
    }

    public function named()
    {
        $event = $this->event->named();
        return $this->module === '' ? $event : "the module $this->module on $this->hook of $event";
    }
}

/** One hook of an event that is to be fired. `sequence` counts the same hook within the event. */
final class Firing
{
    public $hook;
    public $sequence;
    private $parameters;

    public function __construct($hook, $sequence, $parameters)
    {
        $this->hook = $hook;
        $this->sequence = $sequence;
        $this->parameters = $parameters;
    }

    /** The parameters as PrestaShop's own flow gives them; null when there is nothing to tell. */
    public function parameters()
    {
        return call_user_func($this->parameters);
    }
}

/** PrestaShop's objects of one event, each loaded once, as in the shop's own flow. */
final class Models
{
    private $event;
    private $loaded = array();

    public function __construct(Event $event)
    {
        $this->event = $event;
    }

    /** The order of the event. */
    public function order()
    {
        return $this->get('Order', $this->event->idOrder);
    }

    /** An object of a class of PrestaShop's; not saved, not changed. Raise RuntimeException when its row is missing. */
    public function get($class, $id)
    {
        if (!isset($this->loaded["$class $id"])) {
            $name = '\\' . $class;
            $object = new $name((int) $id);
            if (!\Validate::isLoadedObject($object)) {
                throw new Missing("there is no $class $id");
            }
            $this->loaded["$class $id"] = $object;
        }
        return $this->loaded["$class $id"];
    }

    /** A state in the order's language; the empty one, for an order that had none. */
    public function state($id)
    {
        $language = (int) $this->order()->id_lang;
        return $id ? new \OrderState((int) $id, $language) : new \OrderState(null, $language);
    }

    /** What an order belongs to: its Cart, Customer, Currency; an empty object when that row was deleted. */
    public function ofOrder($class, $id)
    {
        try {
            return $this->get($class, $id);
        } catch (Missing $missing) {
            $name = '\\' . $class;
            return new $name();
        }
    }

    public function cart()
    {
        return $this->ofOrder('Cart', $this->order()->id_cart);
    }

    public function customer()
    {
        return $this->ofOrder('Customer', $this->order()->id_customer);
    }

    public function currency()
    {
        return $this->ofOrder('Currency', $this->order()->id_currency);
    }
}

/** A row that an event speaks of is not there. */
final class Missing extends \RuntimeException
{
}

/** Which hooks an event fires, in the order and with the parameters of the shop's own flow. */
final class Plan
{
    private $settings;
    private $store;
    private $event;
    private $models;
    private $firings = array();
    private $counts = array();

    public function __construct(Settings $settings, Store $store, Event $event, Models $models)
    {
        $this->settings = $settings;
        $this->store = $store;
        $this->event = $event;
        $this->models = $models;
    }

    /** The firings of the whole event; of a state that a later event has overtaken only what does not name the state. */
    public function firings($overtaken = false)
    {
        $this->firings = $this->counts = array();
        if ($this->event->kind === 'order_created') {
            $this->created();
        } elseif ($this->event->changesState()) {
            $this->stateChanged($overtaken);
        } elseif ($this->event->kind === 'order_changed') {
            $this->models('Order', 'Update', array($this->event->idOrder));
        } elseif ($this->event->kind === 'tracking_set') {
            $this->trackingSet();
        } elseif ($this->event->kind === 'stock_changed') {
            $this->fire('actionUpdateQuantity', function () { return $this->quantity(); });
        }
        return $this->firings;
    }

    private function created()
    {
        $order = $this->event->idOrder;
        $this->models('Customer', 'Add', $this->firstOf('id_customer'));
        $this->models('Address', 'Add', $this->firstAddresses());
        $this->models('Cart', 'Add', 'SELECT id_cart FROM {p}orders WHERE id_order = ? AND id_cart > 0');
        $this->models('Order', 'Add', array($order));
        $this->models('OrderDetail', 'Add', 'SELECT id_order_detail FROM {p}order_detail WHERE id_order = ? ORDER BY 1');
        $this->models('OrderCarrier', 'Add', 'SELECT id_order_carrier FROM {p}order_carrier WHERE id_order = ? ORDER BY 1');
        $payments = 'SELECT p.id_order_payment FROM {p}order_payment p JOIN {p}orders o ON o.reference = p.order_reference'
            . ' WHERE o.id_order = ? ORDER BY 1';
        $this->models('OrderPayment', 'Add', $payments);
        foreach ($this->settings->fires('actionPaymentCCAdd') ? $this->ids($payments) : array() as $id) {
            $this->fire('actionPaymentCCAdd', function () use ($id) {
                return array('paymentCC' => $this->models->get('OrderPayment', $id));
            });
        }
        $this->fire('actionValidateOrder', function () { return $this->validated(); });
        if ($this->event->number('paid')) {
            $this->fire('actionPaymentConfirmation', function () { return $this->idOfOrder(); });
        }
        $states = array($this->event->number('id_order_state'), 0);
        $this->status('actionOrderStatusUpdate', $states);
        $this->models('OrderInvoice', 'Add', array_filter(array($this->event->number('id_order_invoice'))));
        $this->status('actionOrderStatusPostUpdate', $states);
        $this->history('SELECT MIN(id_order_history) FROM {p}order_history WHERE id_order = ? HAVING MIN(id_order_history) > 0');
        $this->models('Order', 'Update', array($order));
        if (version_compare(_PS_VERSION_, '8.0.0', '>=')) {
            $this->fire('actionValidateOrderAfter', function () {
                return $this->validated() + array('orders' => array($this->models->order()));
            });
        }
    }

    private function stateChanged($overtaken)
    {
        $states = array($this->event->number('new'), $this->event->number('old'));
        if (in_array($states[0], $this->paymentStates(), true)) {
            $this->fire('actionPaymentConfirmation', function () { return $this->idOfOrder(); });
        }
        if ($overtaken) {
            return;
        }
        $this->status('actionOrderStatusUpdate', $states);
        $this->models('Order', 'Update', array($this->event->idOrder));
        $this->status('actionOrderStatusPostUpdate', $states);
        $this->history(array_filter(array($this->event->number('id_order_history'))));
    }

    private function trackingSet()
    {
        $carrier = $this->event->number('id_order_carrier');
        $this->models('OrderCarrier', 'Update', array_filter(array($carrier)));
        $this->fire('actionAdminOrdersTrackingNumberUpdate', function () {
            $order = $this->models->order();
            $carrier = $this->event->number('id_carrier') ?: (int) $order->id_carrier;
            return array(
                'order' => $order,
                'customer' => $this->models->customer(),
                'carrier' => new \Carrier($carrier, (int) $order->id_lang),
            );
        });
    }

    private function status($hook, array $states)
    {
        $this->fire($hook, function () use ($states) {
            $parameters = array('newOrderStatus' => $this->models->state($states[0]));
            if (version_compare(_PS_VERSION_, '8.0.0', '>=')) {
                $parameters['oldOrderStatus'] = $this->models->state($states[1]);
            }
            return $parameters + $this->idOfOrder();
        });
    }

    private function history($ids)
    {
        $this->models('OrderHistory', 'Add', $ids);
        foreach ($this->settings->fires('actionOrderHistoryAddAfter') ? $this->ids($ids) : array() as $id) {
            $this->fire('actionOrderHistoryAddAfter', function () use ($id) {
                return array('order_history' => $this->models->get('OrderHistory', $id));
            });
        }
    }

    private function validated()
    {
        $order = $this->models->order();
        return array(
            'cart' => $this->models->cart(),
            'order' => $order,
            'customer' => $this->models->customer(),
            'currency' => $this->models->currency(),
            'orderStatus' => $this->models->state($this->event->number('id_order_state')),
        );
    }

    private function idOfOrder()
    {
        return array('id_order' => $this->event->idOrder);
    }

    /** The new quantity is the one of now: a feed that sends it on must not send an old one. */
    private function quantity()
    {
        $product = $this->event->number('id_product');
        $attribute = $this->event->number('id_product_attribute');
        $owner = $this->event->number('id_shop');
        $whose = $owner
            ? 's.id_shop = ?'
            : 's.id_shop = 0 AND s.id_shop_group = (SELECT id_shop_group FROM {p}shop WHERE id_shop = ?)';
        $rows = $this->store->rows(
            "SELECT s.quantity FROM {p}stock_available s WHERE s.id_product = ? AND s.id_product_attribute = ? AND $whose",
            array($product, $attribute, $owner ?: $this->event->idShop)
        );
        $parameters = array(
            'id_product' => $product,
            'id_product_attribute' => $attribute,
            'quantity' => $rows ? (int) $rows[0]['quantity'] : $this->event->number('quantity'),
        );
        $always = version_compare(_PS_VERSION_, '8.1.0', '>=');
        if ($always || (version_compare(_PS_VERSION_, '1.7.8.0', '>=') && !$this->isTotal($product, $attribute))) {
            $parameters['delta_quantity'] = $this->delta($this->event);
        }
        return $always ? $parameters + array('id_shop' => $owner ?: $this->event->idShop) : $parameters;
    }

    /** Whether a row of the stock is the sum of a product's combinations. */
    private function isTotal($product, $attribute)
    {
        $sql = 'SELECT 1 FROM {p}product_attribute WHERE id_product = ? LIMIT 1';
        return !$attribute && $this->store->rows($sql, array($product));
    }

    /** What an event changed, and the earlier ones that were summed up in it. */
    private function delta(Event $event)
    {
        $sum = $event->number('delta');
        $rows = $this->store->rows(
            "SELECT id_event FROM {p}orderferry_event_call WHERE hook = '' AND state = 'skipped' AND message = ?
            AND id_event < ? AND id_event > ?",
            array(Worker::summedUpIn($event->id), $event->id, $event->id - Worker::BATCH - 1)
        );
        foreach ($rows as $row) {
            $earlier = $this->store->event($row['id_event']);
            $sum += $earlier ? $this->delta($earlier) : 0;
        }
        return $sum;
    }

    /** The states towards which the shop's own flow says that an order is paid. */
    private function paymentStates()
    {
        return array((int) \Configuration::get('PS_OS_PAYMENT'), (int) \Configuration::get('PS_OS_WS_PAYMENT'));
    }

    /** An account or an address is new with the first order that uses it. */
    private function firstOf($column)
    {
        return "SELECT o.$column FROM {p}orders o WHERE o.id_order = ? AND o.$column > 0 AND NOT EXISTS
            (SELECT 1 FROM {p}orders e WHERE e.$column = o.$column AND e.id_order < o.id_order)";
    }

    private function firstAddresses()
    {
        return 'SELECT a.id_address FROM {p}orders o JOIN {p}address a ON a.id_address IN (o.id_address_delivery,
            o.id_address_invoice) WHERE o.id_order = ? AND NOT EXISTS (SELECT 1 FROM {p}orders e WHERE
            a.id_address IN (e.id_address_delivery, e.id_address_invoice) AND e.id_order < o.id_order) ORDER BY 1';
    }

    /** The two hooks of objects that were added or changed: the general one first. `$ids`: a list, or how to read it. */
    private function models($class, $verb, $ids)
    {
        if (!$this->settings->fires("actionObject{$class}{$verb}After")) {
            return;
        }
        foreach ($this->ids($ids) as $id) {
            foreach (array("actionObject{$verb}After", "actionObject{$class}{$verb}After") as $hook) {
                $this->fire($hook, function () use ($class, $id) {
                    return array('object' => $this->models->get($class, $id));
                });
            }
        }
    }

    private function ids($ids)
    {
        if (is_array($ids)) {
            return $ids;
        }
        return array_map(function ($row) { return (int) current($row); }, $this->store->rows($ids, array($this->event->idOrder)));
    }

    private function fire($hook, $parameters)
    {
        if ($this->settings->fires($hook)) {
            $sequence = isset($this->counts[$hook]) ? $this->counts[$hook] + 1 : 0;
            $this->counts[$hook] = $sequence;
            $this->firings[] = new Firing($hook, $sequence, $parameters);
        }
    }
}

/** PrestaShop while it is booted: its context, its mails, its list of modules. */
final class Shop
{
    private $store;
    private $settings;
    private $context = array();
    private $idShop;
    private $inactive;
    private $shops;

    public function __construct(Store $store, Settings $settings, $idShop)
    {
        $this->store = $store;
        $this->settings = $settings;
        $this->idShop = $idShop;
    }

    /** The shop's own number for events that name none. */
    public static function defaultShop(Store $store)
    {
        $rows = $store->rows("SELECT value FROM {p}configuration WHERE name = 'PS_SHOP_DEFAULT' LIMIT 1");
        return $rows ? max(1, (int) $rows[0]['value']) : 1;
    }

    /** The files and classes of the kernel that modules need which use services; none in 1.6. */
    public static function kernel($folder)
    {
        if (version_compare(_PS_VERSION_, '1.7.0.0', '<')) {
            return null;
        }
        foreach (version_compare(_PS_VERSION_, '9.0.0', '>=') ? array('AdminKernel', 'FrontKernel') : array('AppKernel') as $class) {
            if (!class_exists($class) && is_file("$folder/app/$class.php")) {
                require_once "$folder/app/$class.php";
            }
            if (class_exists($class, false)) {
                $name = '\\' . $class;
                $kernel = new $name('prod', false);
                $kernel->boot();
                return $kernel;
            }
        }
        return null;
    }

    /** Set the context to an event's shop, language, currency, customer and cart. */
    public function enter(Event $event, Models $models)
    {
        // What an earlier event loaded may be old by now; the list of modules is cached for the customer.
        \Cache::clean('objectmodel_*');
        \Cache::clean('hook_module_exec_list*');
        \Shop::setContext(\Shop::CONTEXT_SHOP, $this->idShop);
        $this->context = array(
            'shop' => new \Shop($this->idShop),
            'language' => new \Language((int) \Configuration::get('PS_LANG_DEFAULT')),
            'currency' => new \Currency((int) \Configuration::get('PS_CURRENCY_DEFAULT')),
            'customer' => new \Customer(),
            'cart' => new \Cart(),
            'employee' => new \Employee(),  // empty: a missing one would call only what visitors may hear
        );
        if ($event->idOrder && $this->store->orderExists($event)) {
            $order = $models->order();
            $language = new \Language((int) $order->id_lang);
            $this->context['language'] = \Validate::isLoadedObject($language) ? $language : $this->context['language'];
            $this->context['currency'] = $models->currency();
            $this->context['customer'] = $models->customer();
            $this->context['cart'] = $models->cart();
        }
        $this->restore();
    }

    /** Put the context back to what `enter` made of it: a module may have changed it. */
    public function restore()
    {
        $context = \Context::getContext();
        foreach ($this->context as $name => $value) {
            $context->$name = $value;
        }
        \Shop::setContext(\Shop::CONTEXT_SHOP, $this->idShop);
        chdir($this->settings->shopFolder);
        umask(002);
        $this->silenceMail();
    }

    /** No mail leaves PrestaShop: its method is "none" in this process, in every scope. Nothing of it is stored. */
    private function silenceMail()
    {
        if ($this->shops === null) {
            $this->shops = $this->store->rows('SELECT id_shop, id_shop_group FROM {p}shop');
        }
        \Configuration::set('PS_MAIL_METHOD', 3, 0, 0);
        foreach ($this->shops as $row) {
            \Configuration::set('PS_MAIL_METHOD', 3, (int) $row['id_shop_group'], 0);
            \Configuration::set('PS_MAIL_METHOD', 3, 0, (int) $row['id_shop']);
            \Configuration::set('PS_MAIL_METHOD', 3, (int) $row['id_shop_group'], (int) $row['id_shop']);
        }
        if ((string) \Configuration::get('PS_MAIL_METHOD') !== '3') {
            throw new Stop(
                USAGE,
                'PrestaShop\'s mails can\'t be switched off in this process, so nothing is fired.',
                'Is Configuration overridden in override/classes?'
            );
        }
    }

    /** The names of the modules that hear a hook in this shop, in their order. */
    public function listeners($hook)
    {
        if (in_array(strtolower($hook), $this->inactiveHooks(), true)) {
            return array();
        }
        $names = array();
        $native = $this->onlyNative();
        foreach (\Hook::getHookModuleExecList($hook) ?: array() as $row) {
            $name = $row['module'];
            if ($this->settings->tells($name) && ($native === null || in_array($name, $native, true))) {
                $names[$name] = $name;
            }
        }
        return array_values($names);
    }

    /** The names under which a module may know a hook: the hook's own first, then its old ones. */
    public static function names($hook)
    {
        if (is_callable(array('Hook', 'getAllKnownNames'))) {
            $names = \Hook::getAllKnownNames($hook);
        } elseif (is_callable(array('Hook', 'getHookAliasesFor'))) {
            $names = \Hook::getHookAliasesFor($hook);
        } else {
            $names = array_filter(array(\Hook::getRetroHookName($hook)));
        }
        return array_unique(array_merge(array($hook), $names));
    }

    private function inactiveHooks()
    {
        if ($this->inactive === null) {
            $has = $this->store->rows("SHOW COLUMNS FROM {p}hook LIKE 'active'");
            $rows = $has ? $this->store->rows('SELECT LOWER(name) AS name FROM {p}hook WHERE active = 0') : array();
            $this->inactive = array_column($rows, 'name');
        }
        return $this->inactive;
    }

    /** The modules that may run when the shop has switched off all others; null when it has not. */
    private function onlyNative()
    {
        if (!\Configuration::get('PS_DISABLE_NON_NATIVE_MODULE') || !is_callable(array('Module', 'getNativeModuleList'))) {
            return null;
        }
        return \Module::getNativeModuleList() ?: null;
    }
}

/** What happens when PHP ends before the bridge does: exit() in a module, a fatal error, a PHP that can't run the shop. */
final class Death
{
    public static $store;
    public static $call;
    public static $whole;
    public static $worker;
    public static $phase = '';
    public static $folder = '';
    private static $reserve = '';

    const FATAL = array(E_ERROR, E_PARSE, E_CORE_ERROR, E_COMPILE_ERROR, E_USER_ERROR, E_RECOVERABLE_ERROR);

    /** To be called first of all: PrestaShop buffers its output, and a death while booting leaves no text. */
    public static function watch()
    {
        self::$reserve = str_repeat(' ', 262144);
        register_shutdown_function(array(__CLASS__, 'report'));
    }

    public static function report()
    {
        self::$reserve = '';
        $printed = '';
        while (self::$phase !== '' && ob_get_level() > 0) {
            $printed = ob_get_clean() . $printed;
        }
        if (self::$phase === 'booting') {
            $error = self::why();
            $text = $error !== '' ? $error : 'it called exit()' . self::said($printed);
            self::explain($text);
            self::finish(USAGE);
        } elseif (self::$phase === 'firing') {
            $error = self::why();
            $message = Store::ENDED . ': ' . ($error !== '' ? $error : 'it called exit()');
            self::recordEnd($message);
            self::finish(NEEDS_A_PERSON);
        }
    }

    /** Say why PrestaShop does not boot under this PHP. */
    public static function explain($text)
    {
        Say::line('PrestaShop does not start under PHP ' . PHP_VERSION . ' (' . PHP_BINARY . "): $text");
        $hint = 'Use the PHP version of the shop\'s web pages, with the same extensions, in the line of cron.';
        if (preg_match('/undefined function \\\\?([a-z0-9_]+)\(/i', $text, $match)) {
            $hint = "This PHP lacks $match[1](): an extension is missing, the version is another than the shop's, or "
                . 'disable_functions forbids it. ' . $hint;
        }
        Say::line($hint);
    }

    private static function recordEnd($message)
    {
        try {
            foreach (self::$worker->failures() as $line) {
                Say::line($line);
            }
            $call = self::$call ?: self::$whole;
            if ($call === null) {
                Say::line("The bridge ended unexpectedly: $message. The next run goes on from here.");
                return;
            }
            if (!self::$call) {
                self::$store->begin($call);
            }
            self::$store->end($call, 'failed', $message);
            Say::line(ucfirst($call->named()) . " $message. It is tried again later, alone.");
        } catch (Stop $stop) {
            Say::line($stop->getMessage());
        }
    }

    private static function why()
    {
        $error = error_get_last();
        if (!$error || !in_array($error['type'], self::FATAL, true)) {
            return '';
        }
        // trigger_error's words are a module's own and may quote a buyer's data; those of the engine do not.
        $own = $error['type'] === E_USER_ERROR && self::$phase === 'firing';
        $text = $own ? 'a fatal error of its own' : Say::masked(strtok($error['message'], "\n"));
        if (self::$phase === 'firing' && preg_match('/^Uncaught ([\w\\\\]+)/', $text, $match)) {
            $text = "Uncaught $match[1]";
        }
        return $text . ' (' . self::place($error['file'], $error['line']) . ')';
    }

    private static function said($printed)
    {
        $text = trim(preg_replace('/\s+/', ' ', strip_tags($printed)));
        return $text === '' ? '' : ' and said: ' . substr(Say::masked($text), 0, 200);
    }

    public static function place($file, $line)
    {
        $inside = self::$folder !== '' && strpos($file, self::$folder . '/') === 0;
        return ($inside ? substr($file, strlen(self::$folder) + 1) : $file) . ":$line";
    }

    /** Other shutdown functions, a module's, have their turn first. */
    private static function finish($code)
    {
        self::$phase = '';
        register_shutdown_function(function () use ($code) { exit($code); });
    }
}

/** One PHP process: boots PrestaShop once and fires what waits for one shop. */
final class Worker
{
    const BATCH = 200;

    private $settings;
    private $store;
    private $folder;
    private $shop;
    private $idShop = 0;
    private $orders = array();
    private $failures = array();
    private $aside = array();
    private $fired = 0;

    public function __construct(Settings $settings, Store $store, ShopFolder $folder)
    {
        $this->settings = $settings;
        $this->store = $store;
        $this->folder = $folder;
    }

    /** Given the lock, do what needs no PrestaShop; return whether there is something to fire. */
    public function prepare()
    {
        $this->store->nameUnknown();
        foreach ($this->pending() as $event) {
            if ($this->passedOver($event)) {
                $this->store->pass($event);
                continue;
            }
            $this->idShop = $this->shopOf($event);
            return true;
        }
        foreach ($this->store->due(self::BATCH) as $row) {
            $event = $this->store->event($row['id_event']);
            if ($event === null) {
                $gone = new Call(new Event(array('kind' => '', 'id_order' => 0, 'id_shop' => 0, 'amazon_order_id' => '',
                    'data' => '') + $row), $row['hook'], (int) $row['sequence'], $row['module']);
                $this->store->recordUnmade($gone, 'skipped', 'the event was pruned');
            } elseif ($this->mayRetry($row)) {
                $this->idShop = $this->shopOf($event);
                return true;
            }
        }
        return false;
    }

    /** Fire what waits: new events in their order, then failed calls whose time has come. */
    public function work()
    {
        $this->shop = new Shop($this->store, $this->settings, $this->idShop ?: Shop::defaultShop($this->store));
        $this->aside = $this->store->setAside();
        $stopped = false;
        foreach ($this->pending() as $event) {
            if (!$this->passedOver($event)) {
                if ($this->shopOf($event) !== $this->idShop || !$this->takes($event)) {
                    $stopped = true;
                    break;
                }
                $this->handle($event);
            }
            $this->store->pass($event);
            if (++$this->fired % 50 === 0) {
                \Cache::clean('*');
            }
        }
        if (!$stopped) {
            $this->retry();
        }
    }

    /** Boot as for a run and list who listens. */
    public function check()
    {
        $this->idShop = $this->settings->idShop ?: Shop::defaultShop($this->store);
        $this->shop = new Shop($this->store, $this->settings, $this->idShop);
        $nothing = new Event(array('id_event' => 0, 'kind' => '', 'id_order' => 0, 'id_shop' => 0, 'amazon_order_id' => '', 'data' => ''));
        $this->shop->enter($nothing, new Models($nothing));
        $lines = array('PrestaShop ' . _PS_VERSION_ . ' starts under PHP ' . PHP_VERSION . "; its mails are off here. Shop $this->idShop:");
        foreach ($this->settings->hooks as $hook) {
            $lines[] = "  $hook: " . (implode(', ', $this->shop->listeners($hook)) ?: 'no module listens');
        }
        return implode("\n", $lines) . "\n";
    }

    /** Lines about what failed in this process, one for each module and hook. */
    public function failures()
    {
        $lines = array();
        foreach ($this->failures as $list) {
            $more = count($list) > 1 ? ' And ' . (count($list) - 1) . ' more of this kind.' : '';
            $lines[] = $list[0] . $more;
        }
        return $lines;
    }

    /** How an event says that a later one stands for it. */
    public static function summedUpIn($id)
    {
        return "summed up in event $id";
    }

    private function pending()
    {
        do {
            $events = $this->store->events(self::BATCH);
            foreach ($events as $event) {
                yield $event;
            }
        } while (count($events) === self::BATCH);
    }

    private function shopOf(Event $event)
    {
        return $event->idShop ?: Shop::defaultShop($this->store);
    }

    /** Whether an event tells no module of this bridge's anything; so do kinds of a newer orderferry. */
    private function passedOver(Event $event)
    {
        if (!in_array($event->kind, Event::KINDS, true)) {
            return true;
        }
        if ($this->settings->idShop && $this->shopOf($event) !== $this->settings->idShop) {
            $this->store->recordUnmade(new Call($event), 'skipped', "of shop {$this->shopOf($event)}; id_shop says otherwise");
            return true;
        }
        return false;
    }

    private function takes(Event $event)
    {
        if (!isset($this->orders[$event->idOrder]) && count($this->orders) >= $this->settings->ordersPerProcess) {
            return false;
        }
        $this->orders[$event->idOrder] = true;
        return true;
    }

    private function handle(Event $event)
    {
        $whole = new Call($event);
        $before = $this->store->calls($event);
        if (isset($before[$whole->index()])) {
            return;
        }
        $reason = $this->reasonToSkip($event);
        if ($reason !== '' && !$event->changesState()) {
            $this->store->recordUnmade($whole, 'skipped', $reason);
            return;
        }
        $this->guarded($whole, function () use ($event, $before, $reason) { $this->fire($event, $before, $reason !== ''); });
        if ($reason !== '') {
            $this->store->recordUnmade($whole, 'skipped', $reason);
        }
    }

    /** Why an event is not told (any more); '' if it is. */
    private function reasonToSkip(Event $event)
    {
        if ($event->kind === 'stock_changed') {
            $later = $this->laterStock($event);
            return $later ? self::summedUpIn($later) : '';
        }
        if (!$this->store->orderExists($event)) {
            return 'the order is gone';
        }
        return $event->changesState() && $this->store->isOvertaken($event) ? 'a later event says the newer state' : '';
    }

    /** The last waiting change of the same stock, up to a bound: it is told once, with the sum. 0: there is none. */
    private function laterStock(Event $event)
    {
        $rows = $this->store->rows(
            "SELECT id_event, data FROM {p}orderferry_event WHERE kind = 'stock_changed' AND id_event > ? AND id_event <= ?
            AND id_shop = ? ORDER BY id_event DESC",
            array($event->id, $event->id + self::BATCH, $event->idShop)
        );
        foreach ($rows as $row) {
            $data = json_decode($row['data'], true) ?: array();
            $same = true;
            foreach (array('id_product', 'id_product_attribute', 'id_shop') as $key) {
                $same = $same && isset($data[$key]) && (int) $data[$key] === $event->number($key);
            }
            if ($same) {
                return (int) $row['id_event'];
            }
        }
        return 0;
    }

    /** Run what loads PrestaShop's objects; what goes wrong there concerns the whole event, which is tried again. */
    private function guarded(Call $whole, $task)
    {
        try {
            Death::$whole = $whole;
            $task();
            Death::$whole = null;
            return true;
        } catch (Stop $stop) {
            throw $stop;
        } catch (\Throwable $error) {
            $message = $error instanceof Missing ? $error->getMessage() : self::described($error);
            Death::$whole = null;
            $this->store->begin($whole);
            $this->store->end($whole, 'failed', $message);
            $this->failures['event'][] = ucfirst($whole->named()) . " can't be told: $message. It is tried again later.";
            return false;
        }
    }

    private function fire(Event $event, array $before, $overtaken)
    {
        $models = new Models($event);
        if ($overtaken && !$this->store->orderExists($event)) {
            return;
        }
        $entered = false;
        foreach ((new Plan($this->settings, $this->store, $event, $models))->firings($overtaken) as $firing) {
            if (!$entered) {
                $this->shop->enter($event, $models);
                $entered = true;
            }
            $this->tellAll($event, $firing, $before);
        }
    }

    private function tellAll(Event $event, Firing $firing, array $before)
    {
        $parameters = null;
        $altern = 0;
        foreach ($this->shop->listeners($firing->hook) as $module) {
            $call = new Call($event, $firing->hook, $firing->sequence, $module);
            if (isset($before[$call->index()])) {
                $altern += $before[$call->index()] === 'skipped' ? 0 : 1;
                continue;
            }
            if (isset($this->aside[$module])) {
                $this->store->recordUnmade($call, 'failed', Store::ASIDE . ': the module ended PHP earlier');
                ++$altern;
                continue;
            }
            if ($parameters === null) {
                $parameters = $firing->parameters();
            }
            $altern += $this->call($call, $parameters, $altern + 1) ? 1 : 0;
        }
    }

    /** Call one module; return whether it has a method for the hook. */
    private function call(Call $call, array $parameters, $altern)
    {
        Signals::check();
        $this->shop->restore();
        if (!$this->store->begin($call)) {
            return true;
        }
        Death::$call = $call;
        Say::detail('calling ' . $call->named());
        $level = ob_get_level();
        ob_start();
        $state = 'done';
        $message = '';
        try {
            $message = $this->invoke($call, $parameters, $altern);
            $state = $message === '' ? 'done' : 'skipped';
        } catch (\Throwable $error) {
            $state = 'failed';
            $message = self::described($error);
        }
        // What a module prints is meant for a page; what it does to the buffers is undone.
        while (ob_get_level() > $level) {
            ob_end_clean();
        }
        while (ob_get_level() < $level) {
            ob_start();
        }
        Death::$call = null;
        $this->store->end($call, $state, $message);
        if ($state === 'failed') {
            $this->failures["$call->module $call->hook"][] = ucfirst($call->named()) . " failed: $message. It is tried again later, alone.";
        }
        return $state !== 'skipped';
    }

    /** The module's own method is called, since Hook::exec of 8 and 9 swallows exceptions. '' or why it was not called. */
    private function invoke(Call $call, array $parameters, $altern)
    {
        $module = \Module::getInstanceByName($call->module);
        if (!$module) {
            return 'PrestaShop can\'t load the module';
        }
        $context = \Context::getContext();
        $parameters += array('cookie' => $context->cookie, 'cart' => $context->cart);
        $parameters['altern'] = $altern;
        foreach (Shop::names($call->hook) as $name) {
            if (is_callable(array($module, 'hook' . $name))) {
                $module->{'hook' . $name}($parameters);
                return '';
            }
        }
        return 'the module has no method for the hook';
    }

    /** Class and place of an error, and its words if they are PHP's own: a module's may quote a buyer's data. */
    private static function described(\Throwable $error)
    {
        $kept = $error instanceof \Error && strpos(get_class($error), '\\') === false;
        $words = $kept ? ': ' . Say::masked($error->getMessage()) : '';
        return get_class($error) . $words . ' at ' . Death::place($error->getFile(), $error->getLine());
    }

    private function retry()
    {
        $last = null;
        foreach ($this->inOrder($this->store->due(self::BATCH)) as $row) {
            $event = $this->store->event($row['id_event']);
            if ($event === null || $this->shopOf($event) !== $this->idShop || !$this->mayRetry($row)) {
                continue;
            }
            $call = new Call($event, $row['hook'], (int) $row['sequence'], $row['module']);
            if (isset($this->aside[$call->module])) {
                $last = $last ?: $call;
            } elseif ($this->takes($event)) {
                $this->retryOne($call);
            }
        }
        if ($last && $this->takes($last->event)) {
            $this->retryOne($last);  // once a process, and last: it may end it again
        }
    }

    /** Calls as the shop's own flow would have made them: by event, then by hook, then by the module's place. */
    private function inOrder(array $rows)
    {
        $sorted = array();
        $ranks = array();
        foreach ($rows as $number => $row) {
            $id = (int) $row['id_event'];
            if (!isset($ranks[$id])) {
                $ranks[$id] = $this->ranks($this->store->event($id));
            }
            $index = "{$row['hook']}|{$row['sequence']}|{$row['module']}";
            $rank = $row['hook'] === '' ? 0 : (isset($ranks[$id][$index]) ? $ranks[$id][$index] : 999999);
            $sorted[sprintf('%018d|%06d|%06d', $id, $rank, $number)] = $row;
        }
        ksort($sorted, SORT_STRING);
        return array_values($sorted);
    }

    /** The calls of an event, "hook|sequence|module" => its place; none where its plan can't be made. */
    private function ranks($event)
    {
        $ranks = array();
        if ($event === null || $this->shopOf($event) !== $this->idShop) {
            return $ranks;
        }
        try {
            $models = new Models($event);
            $this->shop->enter($event, $models);
            foreach ((new Plan($this->settings, $this->store, $event, $models))->firings() as $firing) {
                foreach ($this->shop->listeners($firing->hook) as $module) {
                    $ranks["$firing->hook|$firing->sequence|$module"] = count($ranks) + 1;
                }
            }
        } catch (Stop $stop) {
            throw $stop;
        } catch (\Throwable $error) {
            return $ranks;  // each call meets it again, and tells of it
        }
        return $ranks;
    }

    private function retryOne(Call $call)
    {
        $reason = $call->event->kind === 'stock_changed' ? '' : $this->reasonToSkip($call->event);
        $overtaken = $call->event->changesState() && $call->hook === 'actionPaymentConfirmation';
        if ($reason !== '' && !($overtaken && $this->store->orderExists($call->event))) {
            $this->store->recordUnmade($call, 'skipped', $reason);
        } elseif ($call->hook === '') {
            $this->retryWhole($call);
        } else {
            $this->guarded($call, function () use ($call) { $this->retryCall($call); });
        }
    }

    /** A module that ended PHP is tried with one call, the one that did, before all that was put off. */
    private function mayRetry(array $row)
    {
        $aside = $this->store->setAside();
        if (!isset($aside[$row['module']])) {
            return true;
        }
        return $aside[$row['module']] && strpos($row['message'], Store::ASIDE) !== 0;
    }

    private function retryWhole(Call $whole)
    {
        $before = $this->store->calls($whole->event);
        $done = $this->guarded($whole, function () use ($whole, $before) { $this->fire($whole->event, $before, false); });
        if ($done) {
            $this->store->recordUnmade($whole, 'done', '');
        }
    }

    private function retryCall(Call $call)
    {
        $models = new Models($call->event);
        $this->shop->enter($call->event, $models);
        foreach ((new Plan($this->settings, $this->store, $call->event, $models))->firings() as $firing) {
            if ($firing->hook === $call->hook && $firing->sequence === $call->sequence) {
                $position = array_search($call->module, $this->shop->listeners($call->hook), true);
                if ($position !== false) {
                    $this->call($call, $firing->parameters(), $position + 1);
                    return;
                }
            }
        }
        $this->store->recordUnmade($call, 'skipped', 'the module or the hook is no longer asked for');
    }
}

/** Ctrl-C and kill end the bridge between two calls, where PHP has the pcntl extension. */
final class Signals
{
    /** So many seconds a module may go on after a signal; then its process is killed. */
    const GRACE = 10;
    const PARENT = 'ORDERFERRY_BRIDGE_LAUNCHER';

    private static $received = 0;

    public static function watch($also = null)
    {
        if (!function_exists('pcntl_async_signals') || !function_exists('pcntl_signal')) {
            return;
        }
        pcntl_async_signals(true);
        foreach (array(SIGHUP, SIGINT, SIGTERM) as $signal) {
            pcntl_signal($signal, function ($number) use ($also) {
                self::$received = $number;
                if ($also) {
                    $also($number);
                } elseif (function_exists('pcntl_alarm')) {
                    // What the module is in the middle of may never end: PHP's own end comes by the alarm, or at once by
                    // a second signal.
                    pcntl_signal($number, SIG_DFL);
                    pcntl_alarm(self::GRACE);
                }
            });
        }
    }

    public static function check()
    {
        $launcher = getenv(self::PARENT);
        if ($launcher && function_exists('posix_getppid') && posix_getppid() !== (int) $launcher) {
            throw new Stop(128 + 15, 'The process that started this one was killed. The next run goes on from here.');
        }
        if (self::$received) {
            throw new Stop(128 + self::$received, 'Ended by a signal, between two calls. The next run goes on from here.');
        }
    }
}

/** Starts one process of PHP after the other, until nothing is left to do. */
final class Launcher
{
    const DEATHS = 50;

    private $settings;
    private $store;
    private $process;
    private $killAt = 0;

    public function __construct(Settings $settings, Store $store)
    {
        $this->settings = $settings;
        $this->store = $store;
    }

    public static function canLaunch()
    {
        return function_exists('proc_open') && function_exists('proc_get_status') && PHP_BINARY !== '';
    }

    /** Run worker processes; return the exit code of the last one that decided anything. */
    public function run(array $words, Bridge $bridge)
    {
        $end = time() + $this->settings->maxSeconds;
        Signals::watch(function ($number) {
            $this->killAt = $this->killAt ?: time() + Signals::GRACE;
            if (is_resource($this->process)) {
                proc_terminate($this->process, $number);
            }
        });
        $deaths = 0;
        $first = true;
        do {
            $before = $this->state();
            $code = $this->start($words, $first);
            Signals::check();
            if (in_array($code, array(USAGE, ALREADY_RUNNING, SHOP_UNAVAILABLE), true) || $code > 128) {
                return $code;
            }
            if ($code !== DONE && $code !== NEEDS_A_PERSON) {
                ++$deaths;
                Say::line('The PHP process was killed during its work. What it was doing is unknown; the rest goes on.');
            }
            $first = false;
        } while (time() < $end && $deaths < self::DEATHS && $this->state() !== $before && $bridge->hasWork());
        return $code;
    }

    /** What changes when a process gets anywhere. */
    private function state()
    {
        $rows = $this->store->rows(
            "SELECT COUNT(*) AS calls, SUM(attempts) AS attempts, MAX(ended) AS ended, COUNT(next_try) AS waiting
            FROM {p}orderferry_event_call WHERE state IN ('failed', 'running')"
        );
        return json_encode(array($this->store->position(), $rows[0]));
    }

    private function start(array $words, $first)
    {
        $command = array_merge(array(PHP_BINARY), self::phpOptions($words[0]), self::noMail(), array($words[0], '--once'));
        $command = array_merge($command, $first ? array_slice($words, 1) : self::without(array_slice($words, 1)));
        $pipes = array();
        $streams = array(0 => array('file', '/dev/null', 'r'), 1 => STDOUT, 2 => STDERR);
        // A text, not a list: PHP before 7.4 takes nothing else; exec, so that signals reach PHP and no shell.
        putenv(Signals::PARENT . '=' . getmypid());
        $this->process = proc_open('exec ' . implode(' ', array_map('escapeshellarg', $command)), $streams, $pipes);
        putenv(Signals::PARENT);
        if (!is_resource($this->process)) {
            throw new Stop(USAGE, 'PHP can\'t start a process of its own here.', 'Add --once to the line of cron.');
        }
        do {
            usleep(10000);
            $status = proc_get_status($this->process);
            if ($status['running'] && $this->killAt && time() >= $this->killAt) {
                proc_terminate($this->process, 9);
            }
        } while ($status['running']);
        if ($status['signaled'] && $this->killAt) {
            Say::line('A module did not come back in time after the signal; its process was killed. What it was doing is'
                . ' unknown.');
        }
        proc_close($this->process);
        $this->process = null;
        return $status['signaled'] ? -1 : $status['exitcode'];
    }

    /** What a replay asks for is asked once. */
    private static function without(array $words)
    {
        $kept = array();
        while ($words) {
            $word = array_shift($words);
            if ($word === '--replay' || $word === '--module') {
                array_shift($words);
            } elseif ($word !== '--done-too' && !preg_match('/^--(replay|module)=/', $word)) {
                $kept[] = $word;
            }
        }
        return $kept;
    }

    /** The options of this PHP itself (`-d memory_limit=…`, `-c …`), where the system tells them. */
    private static function phpOptions($script)
    {
        $line = @file_get_contents('/proc/self/cmdline');
        $words = $line ? explode("\0", rtrim($line, "\0")) : array();
        $at = array_search($script, $words, true);
        return $at ? array_values(array_diff(array_slice($words, 1, $at - 1), array('-f'))) : array();
    }

    /** PHP's own mail() ends in a program that does nothing; this can't be set while PHP runs. */
    private static function noMail()
    {
        foreach (array('/bin/true', '/usr/bin/true') as $program) {
            if (@is_executable($program)) {
                return array('-d', "sendmail_path=$program");
            }
        }
        return array('-d', 'sendmail_path=true');
    }
}

/** The whole: options, settings, checks, and what is said at the end. */
final class Bridge
{
    public $options;
    private $settings;
    private $folder;
    private $store;
    private $worker;
    private $code = DONE;

    public function __construct(array $words)
    {
        $this->options = new Options(array_slice($words, 1));
        $beside = dirname(realpath($words[0]) ?: $words[0]) . '/orderferry-bridge.ini';
        if ($this->options->show !== '') {
            return;
        }
        $this->settings = new Settings($this->options->config ?: $beside);
        $this->folder = new ShopFolder($this->settings->shopFolder);
        $this->folder->refuseOtherUsers();
        if (!extension_loaded('pdo_mysql')) {
            throw new Stop(
                USAGE,
                'This PHP (' . PHP_BINARY . ', version ' . PHP_VERSION . ') lacks the extension pdo_mysql.',
                'Use the PHP of the shop\'s web pages in the line of cron, or install the extension (Debian: php-mysql).'
            );
        }
        $this->store = new Store($this->folder->database());
        $this->store->refuseOtherShops($this->settings->shopId);
        $this->worker = new Worker($this->settings, $this->store, $this->folder);
    }

    /** Print what needs no shop; null when there is more to do. */
    public function shown()
    {
        if ($this->options->show === '--version') {
            return 'orderferry-bridge ' . VERSION . "\n";
        }
        if ($this->options->show === '--hooks') {
            $text = '';
            foreach (HookNames::ALL as $name => $default) {
                $text .= $name . ($default ? '' : ' (on request)') . "\n";
            }
            return $text;
        }
        return $this->options->show === '' ? null : Options::HELP;
    }

    /** Without PrestaShop: whether it has to be booted in this process. */
    public function prepare(array $words)
    {
        $once = $this->options->once || $this->options->check || $this->options->fromNow;
        if (!$once && Launcher::canLaunch()) {
            if ($this->options->replay !== '' || $this->hasWork()) {
                $this->code = (new Launcher($this->settings, $this->store))->run($words, $this);
            }
            return false;
        }
        Signals::watch();
        if (!$this->store->lock()) {
            $doing = $this->store->running();
            throw new Stop(
                ALREADY_RUNNING,
                'Another bridge of this shop is at work' . ($doing === '' ? '.' : ", calling $doing."),
                'The next run goes on. If it hangs in a module, end that process, and put the module into modules_skip.'
            );
        }
        if ($this->options->replay !== '') {
            $number = $this->store->replay($this->options);
            Say::line($number ? "$number calls are made again." : 'There is nothing to make again that fits.');
        }
        if ($this->options->fromNow) {
            Say::line($this->store->passAll() . ' events are passed over; nobody hears of them.');
            return false;
        }
        return $this->options->check || $this->worker->prepare();
    }

    /** Whether anything waits, asked without the lock and without changing anything. */
    public function hasWork()
    {
        return $this->store->events(1) || $this->store->due(1) || $this->store->hasUnnamed();
    }

    public function enterFolder()
    {
        umask(002);
        chdir($this->folder->path);
        foreach (array('display_errors' => '0', 'log_errors' => ini_get('error_log') ? ini_get('log_errors') : '0') as $name => $value) {
            if (function_exists('ini_set')) {
                ini_set($name, $value);
            }
        }
        Death::$store = $this->store;
        Death::$worker = $this->worker;
        Death::$folder = $this->folder->path;
        Death::$phase = 'booting';
        ob_start();
        return $this->folder->path . '/config/config.inc.php';
    }

    public function kernel()
    {
        return Shop::kernel($this->folder->path);
    }

    public function work()
    {
        Death::$phase = 'firing';
        if ($this->options->check) {
            $text = $this->worker->check();
            $this->silence();
            echo $text;
            return;
        }
        try {
            $this->worker->work();
        } finally {
            $this->silence();
            foreach ($this->worker->failures() as $line) {
                Say::line($line);
            }
        }
    }

    /** The exit code, when all is done. */
    public function end()
    {
        $decided = in_array($this->code, array(USAGE, ALREADY_RUNNING, SHOP_UNAVAILABLE), true) || $this->code > 128;
        if ($this->options->check || $decided) {
            return $this->code;
        }
        $this->tellOpen();
        return $this->store->open() ? NEEDS_A_PERSON : DONE;
    }

    /** Throw away what was printed by others. */
    private function silence()
    {
        Death::$phase = '';
        while (ob_get_level() > 0) {
            ob_end_clean();
        }
    }

    /** What failed or is unknown is said when it changes, and once a day while it lasts. */
    private function tellOpen()
    {
        $parts = array();
        foreach ($this->store->open() as $row) {
            $module = $row['module'] === '' ? 'whole events' : $row['module'];
            $kind = $row['state'] === 'running' ? 'unknown' : ($row['given_up'] > 0 ? 'failed, given up' : 'failed');
            $parts[] = "$module: {$row['number']} $kind (from event {$row['id_event']})";
        }
        $note = $parts ? gmdate('Y-m-d') . ' ' . implode('; ', $parts) : '';
        $note = substr($note, 0, 250);
        if ($note === $this->store->note()) {
            return;
        }
        $this->store->keepNote($note);
        if ($parts) {
            Say::line('Calls of modules that did not end well: ' . implode('; ', $parts) . '.');
            Say::line('What failed is tried again by itself, ten times in a day and a half. What is unknown may have been done: look,'
                . ' then `--replay unknown` fires it again. A module that always fails: modules_skip.');
        }
    }
}

if (PHP_SAPI !== 'cli') {
    header('HTTP/1.1 404 Not Found');
    echo "orderferry-bridge runs from the command line only, with PHP's program php-cli.\n";
    exit(USAGE);
}
if (PHP_VERSION_ID < 70100) {
    fwrite(STDERR, 'orderferry-bridge: this is PHP ' . PHP_VERSION . '; the bridge needs 7.1 or newer, and the shop its own version.' . "\n");
    exit(USAGE);
}

Death::watch();
// From here on in the global scope: PrestaShop's files expect to be included there.
try {
    $orderferryBridge = new Bridge($argv);
    $orderferryText = $orderferryBridge->shown();
    if ($orderferryText !== null) {
        echo $orderferryText;
        exit(DONE);
    }
    if ($orderferryBridge->prepare($argv)) {
        // PrestaShop reads the command line too (--env, key=value).
        $argv = $_SERVER['argv'] = array($argv[0]);
        $argc = $_SERVER['argc'] = 1;
        try {
            require $orderferryBridge->enterFolder();
            $kernel = $orderferryBridge->kernel();
        } catch (\Throwable $orderferryError) {
            Death::$phase = '';
            Death::explain(get_class($orderferryError) . ': ' . Say::masked(strtok($orderferryError->getMessage(), "\n")) . ' ('
                . Death::place($orderferryError->getFile(), $orderferryError->getLine()) . ')');
            exit(USAGE);
        }
        $orderferryBridge->work();
    }
    exit($orderferryBridge->end());
} catch (Stop $orderferryStop) {
    Death::$phase = '';
    Say::line($orderferryStop->getMessage());
    if ($orderferryStop->hint !== '') {
        Say::line($orderferryStop->hint);
    }
    exit($orderferryStop->getCode());
}
