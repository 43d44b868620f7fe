using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NodaTime;
using Tally;
using Tally.Azure;
using Tally.Functions;
using Tally.Reporting.Poison;

var builder = FunctionsApplication.CreateBuilder(args);
#pragma warning disable RS0030 // The one place that makes the real clock.
builder.Services.AddSingleton<IClock>(SystemClock.Instance);
#pragma warning restore RS0030
builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Schedules.Defaults });
builder.Services.AddTally(builder.Configuration, DatabaseIdentity.Password(builder.Configuration));
builder.Services.AddSingleton<QueueMeter>();
builder.Services.AddSingleton<IMessageSender, QueueMessageSender>();
builder.Services.AddSingleton<IPoisonQueues, PoisonQueues>();
builder.Services.AddHostedService<ConnectionBudgetCheck>();
builder.Services.AddTelemetryExport(builder.Configuration);
builder.UseMiddleware<FirstStackOnly>();
builder.UseMiddleware<FunctionTelemetry>();
builder.Build().Run();
