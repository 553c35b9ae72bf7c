<?php
/** What modules with services need: without a booted kernel there is no container. */
class AppKernel
{
    public $said = '';
    private $environment;

    public function __construct($environment, $debug)
    {
        $this->environment = $environment . ($debug ? ' debug' : '');
    }

    public function boot()
    {
        $this->said = __CLASS__ . ' ' . $this->environment;
    }
}
