<?php
/**
 * A double of PrestaShop's kernel: what a script on the command line finds after including this file.
 *
 * The file VERSION beside config/ says which release it plays. Written from what was measured on running shops: what
 * the context holds after booting, how hooks find their modules, which names a hook has, how objects are loaded, what
 * a release does with a module's exception. It writes nothing; what would write says so in the probe's log.
 */

define('_PS_ROOT_DIR_', dirname(__DIR__));
define('_PS_VERSION_', trim(file_get_contents(_PS_ROOT_DIR_ . '/VERSION')));

// PrestaShop buffers what it prints from the start, and reads the command line.
ob_start();
foreach (array_slice($_SERVER['argv'], 1) as $word) {
    if (strpos($word, '--env') === 0 || strpos($word, '=') !== false) {
        die("PrestaShop took $word from the command line for its own");
    }
}
if (is_file(__DIR__ . '/defines_custom.inc.php')) {
    include __DIR__ . '/defines_custom.inc.php';
}

if (version_compare(_PS_VERSION_, '1.7.0.0', '<')) {
    require __DIR__ . '/settings.inc.php';
} else {
    $parameters = require _PS_ROOT_DIR_ . '/app/config/parameters.php';
    define('_DB_SERVER_', $parameters['parameters']['database_host'] . ':' . $parameters['parameters']['database_port']);
    define('_DB_NAME_', $parameters['parameters']['database_name']);
    define('_DB_USER_', $parameters['parameters']['database_user']);
    define('_DB_PASSWD_', $parameters['parameters']['database_password']);
    define('_DB_PREFIX_', $parameters['parameters']['database_prefix']);
}
define('_PS_MODULE_DIR_', _PS_ROOT_DIR_ . '/modules/');

require _PS_ROOT_DIR_ . '/classes/core.php';
require _PS_ROOT_DIR_ . '/classes/models.php';
require _PS_ROOT_DIR_ . '/classes/hooks.php';
require _PS_ROOT_DIR_ . '/classes/modules.php';

Configuration::loadConfiguration();
$context = Context::getContext();
$context->cookie = new Cookie();
$context->customer = new Customer();
$context->language = new Language((int) Configuration::get('PS_LANG_DEFAULT'));
$context->country = new Country();
$context->link = new Link();
$context->shop = new Shop((int) Configuration::get('PS_SHOP_DEFAULT'));
Shop::setContext(Shop::CONTEXT_SHOP, $context->shop->id);
