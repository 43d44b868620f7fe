namespace LocalRuntime;
