using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

if (Environment.GetEnvironmentVariable("TestApp__FailAtStart") is { Length: > 0 } reason) throw new InvalidOperationException(reason);
FunctionsApplication.CreateBuilder(args).Build().Run();
