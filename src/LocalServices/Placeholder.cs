namespace LocalServices;
