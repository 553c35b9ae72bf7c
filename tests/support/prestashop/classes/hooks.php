<?php
/** How a hook finds its modules, under which names they know it, and what becomes of their exceptions. */

class HookCore
{
    /** The modules of one hook in the context's shop, in their order; false for none. Cached for the customer. */
    public static function getHookModuleExecList($hook = null)
    {
        $context = Context::getContext();
        $key = "hook_module_exec_list_{$context->shop->id}_" . (isset($context->customer) ? $context->customer->id : '');
        if (!Cache::isStored($key)) {
            Cache::store($key, self::read($context));
        }
        $list = Cache::retrieve($key);
        $found = array();
        foreach (static::registeredNames($hook) as $name) {
            $found = array_merge($found, isset($list[strtolower($name)]) ? $list[strtolower($name)] : array());
        }
        return $found ?: false;
    }

    private static function read($context)
    {
        $p = _DB_PREFIX_;
        $shop = (int) $context->shop->id;
        // Without an employee it is a visitor who asks: only what his group may see.
        $visitor = isset($context->employee) ? '' : "AND EXISTS (SELECT 1 FROM {$p}module_group g WHERE g.id_module = m.id_module
            AND g.id_shop = $shop AND g.id_group = " . (int) Configuration::get('PS_UNIDENTIFIED_GROUP') . ')';
        $rows = Db::getInstance()->executeS("SELECT h.name AS hook, h.id_hook, m.id_module, m.name AS module
            FROM {$p}module m JOIN {$p}hook_module hm ON hm.id_module = m.id_module JOIN {$p}hook h ON h.id_hook = hm.id_hook
            JOIN {$p}module_shop ms ON ms.id_module = m.id_module AND ms.id_shop = $shop
            WHERE hm.id_shop = $shop AND ms.enable_device & {$context->getDevice()} $visitor ORDER BY hm.position");
        $list = array();
        foreach ($rows as $row) {
            $list[strtolower($row['hook'])][] = $row;
        }
        return $list;
    }

    protected static function aliases()
    {
        $aliases = array();
        foreach (Db::getInstance()->executeS('SELECT alias, name FROM ' . _DB_PREFIX_ . 'hook_alias') as $row) {
            $aliases[$row['alias']] = $row['name'];
        }
        return $aliases;
    }

    /** PrestaShop's own way to fire a hook. 8 and 9 swallow a module's exception; an Error passes through everywhere. */
    public static function exec($hook, $arguments = array(), $id_module = null)
    {
        $context = Context::getContext();
        $arguments += array('cookie' => $context->cookie, 'cart' => $context->cart);
        $altern = 0;
        foreach (static::getHookModuleExecList($hook) ?: array() as $row) {
            $module = $id_module && $id_module != $row['id_module'] ? false : Module::getInstanceByName($row['module']);
            foreach ($module ? array_merge(array($hook), static::registeredNames($hook)) : array() as $name) {
                if (is_callable(array($module, 'hook' . $name))) {
                    $arguments['altern'] = ++$altern;
                    try {
                        $module->{'hook' . $name}($arguments);
                    } catch (Exception $exception) {
                        if (version_compare(_PS_VERSION_, '8.0.0', '<')) {
                            throw $exception;
                        }
                    }
                    break;
                }
            }
        }
        return '';
    }
}

if (version_compare(_PS_VERSION_, '1.7.0.0', '<')) {
    class Hook extends HookCore
    {
        protected static function registeredNames($hook)
        {
            return array_filter(array($hook, self::getRetroHookName($hook)));
        }

        public static function getRetroHookName($hook)
        {
            $aliases = self::aliases();
            foreach ($aliases as $alias => $name) {
                if (strcasecmp($alias, $hook) === 0) {
                    return $name;
                }
            }
            return array_search($hook, $aliases, true) ?: '';
        }
    }
} elseif (version_compare(_PS_VERSION_, '1.7.7.0', '<')) {
    class Hook extends HookCore
    {
        protected static function registeredNames($hook)
        {
            return array_merge(array($hook), self::getHookAliasesFor($hook));
        }

        public static function getHookAliasesFor($hook)
        {
            return array_keys(self::aliases(), $hook, true);
        }
    }
} else {
    class Hook extends HookCore
    {
        protected static function registeredNames($hook)
        {
            return self::getAllKnownNames($hook);
        }

        public static function getAllKnownNames($hook)
        {
            return array_merge(array($hook), array_keys(self::aliases(), $hook, true));
        }
    }
}
