using LocalServices;

// A process for tests to kill: holds servers in the folder of its argument until its input ends.
await using var servers = await LocalServers.StartAsync(new LocalServersOptions { DataDirectory = args[0] });
Console.WriteLine("ready");
await Console.In.ReadToEndAsync();
