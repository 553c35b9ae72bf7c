<?php
/**
 * A module that writes down which hooks it hears, and with what, into heard.jsonl beside it. For scripts/bridge_probe.py
 * and a copy of a shop: it writes classes and ids of objects, nothing of a buyer's.
 */
class Orderferryprobe extends Module
{
    public function __construct()
    {
        $this->name = 'orderferryprobe';
        $this->tab = 'administration';
        $this->version = '1.0';
        $this->author = 'orderferry';
        parent::__construct();
        $this->displayName = 'Bridge probe';
    }

    /** Every hook. */
    public function __call($method, $arguments)
    {
        if (stripos($method, 'hook') === 0) {
            $hook = lcfirst(substr($method, 4));
            $line = array('hook' => $hook, 'parameters' => array_map(array($this, 'described'), $arguments[0]));
            file_put_contents(__DIR__ . '/heard.jsonl', json_encode($line) . "\n", FILE_APPEND);
        }
    }

    private function described($value)
    {
        if (is_array($value)) {
            return array_map(array($this, 'described'), $value);
        }
        if (!is_object($value)) {
            return $value;
        }
        $text = get_class($value) . ' ' . (isset($value->id) && $value->id ? (int) $value->id : '-');
        return $value instanceof OrderState && !empty($value->name) ? "$text $value->name" : $text;
    }
}
