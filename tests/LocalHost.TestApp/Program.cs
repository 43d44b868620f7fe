using LocalHost.TestApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

if (Environment.GetEnvironmentVariable("TestApp__FailAtStart") is { Length: > 0 } reason) throw new InvalidOperationException(reason);
var builder = FunctionsApplication.CreateBuilder(args);
if (Environment.GetEnvironmentVariable("TestApp__WithRetries") is not { Length: > 0 })
    builder.Services.AddSingleton<IFunctionMetadataProvider>(new WithoutRetries(new GeneratedFunctionMetadataProvider()));
builder.Build().Run();
