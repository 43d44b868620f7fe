namespace Microsoft.Azure.Functions.Worker.Middleware;

/// <summary>One step of an invocation.</summary>
public delegate Task FunctionExecutionDelegate(FunctionContext context);
